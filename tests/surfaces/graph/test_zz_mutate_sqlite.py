"""Mutated plausible requests."""
import os, random, time, json, collections, traceback
import pytest, httpx
from fauxtune.surfaces.graph.routes import ROUTES
from fauxtune.core.odata.schema import *
from fauxtune.core.odata.entities.index import ENTITIES
from tests.surfaces.graph.company import Founder
from tests.foreign.test_schemathesis import Fuzzer
from fauxtune.server.openapi import documents
DB=os.environ.get("DB","sqlite"); T=float(os.environ.get("T","120")); SEED=int(os.environ.get("SEED","1"))
R=random.Random(SEED)
ODD=[None,True,False,0,-1,1,2**31,2**63,2**64,10**40,1.5,1e308,"", "x","\x00","é\u0301","😀"*3,"A"*300,[],[None],[[]],[1],["x"],[{}],{}, {"a":1},{"id":"x"},{"@odata.type":"x"},{"@odata.type":None},{"@odata.type":7},"2026-13-45T00:00:00Z","0000-00-00T00:00:00Z","0001-01-01T00:00:00+14:00","9999-12-31T23:59:59-14:00","2026-01-01","AA==","====","#microsoft.graph.user","00000000-0000-0000-0000-000000000000","\ud800"]
def value(prop):
    if R.random()<ODDS[0]: return R.choice(ODD)
    if prop.collection: return [one(prop) for _ in range(R.randint(0,2))]
    return one(prop)
def one(prop):
    t=prop.type
    if isinstance(t,EnumType): return R.choice([R.choice(t.members), R.choice(t.members).upper(), R.choice(t.members)]) if R.random()<.9 else R.choice([0,99,"x",R.choice(t.members)+","+R.choice(t.members)])
    if isinstance(t,ComplexType):
        k=R.choice((t,*prop.variants)); return obj(k)
    return {Edm.STRING:R.choice(["x","alice@contoso.example","",'{{UserName}}',"(device.manufacturer -eq \"x\")"]),Edm.BOOLEAN:R.choice([True,False]),Edm.INT32:R.choice([0,1,20]) if R.random()<.9 else R.choice([-1,2**31,2**31-1]),Edm.INT64:R.choice([0,2**63-1,-2**63]),Edm.GUID:"184efa21-98c3-4e5d-95ab-d07053a96e67",Edm.BINARY:ROOTF[0] if R.random()<.9 else R.choice(["AA==","x",""]),Edm.DATE_TIME:R.choice(["2026-11-24T10:00:00Z","9999-12-31T23:59:59Z","0001-01-01T00:00:00Z","9999-12-31T23:59:59-08:00","2026-11-24T10:00:00","0001-01-01T00:00:00+08:00"]),Edm.DOUBLE:1.5}[t]
FILL=[.4]
def obj(kind):
    FILL[0]=R.choice([.05,.3,.9]); ODDS[0]=R.choice([0,.02,.2])
    d={}
    for n,p in kind.properties_in(Version.BETA).items():
        if p.required or R.random()<FILL[0]: d[n]=value(p)
    if R.random()<.95: d["@odata.type"]=kind.odata_type
    if isinstance(kind,Entity):
        for n in kind.every_navigation():
            if R.random()<.03: d[R.choice([n.name, n.name+"@odata.bind"])]=R.choice(["x","https://graph.microsoft.com/beta/users/"+R.choice(IDS),["https://x/beta/users/"+R.choice(IDS)],None,7,[],[7],{"id":R.choice(IDS)},"deviceConfigurations('%s')"%R.choice(IDS)])
    return d
IDS=["x"]
ODDS=[.02]
ROOTF=['']
LITS=["'x'","''","null","true","1","-5","1.5","99999999999999999999","2026-11-24T10:00:00Z","2026-11-24","0001-01-01T00:00:00Z","9999-12-31T23:59:59-12:00","184efa21-98c3-4e5d-95ab-d07053a96e67","'it''s'","'%'","'\\'","'é😀'","microsoft.graph.complianceState'compliant'","'2026-11-24T10:00:00Z'","'\x00'","duration'P1D'"]
def paths(kind, pre=""):
    for p in kind.properties_in(Version.BETA).values():
        if p.collection:
            yield f"{pre}{p.name}/any(e:e{'' if not isinstance(p.type,ComplexType) else '/'+R.choice(list(R.choice((p.type,*p.variants)).properties_in(Version.BETA)) or ['x'])} {R.choice(OPS)} {R.choice(LITS)})"
            yield f"{pre}{p.name}"
        elif isinstance(p.type,ComplexType):
            yield from paths(p.type, pre+p.name+"/"); yield f"{pre}{p.name}"
        else: yield f"{pre}{p.name}"
OPS=["eq","ne","gt","ge","lt","le","has","EQ"]
def term(kind):
    p=R.choice(list(paths(kind)) or ["id"])
    q=R.choice(list(paths(kind)) or ["id"])
    return R.choice([f"{p} {R.choice(OPS)} {R.choice(LITS)}",f"{p} {R.choice(OPS)} {q}",p,f"{R.choice(['contains','startswith','endswith','length','isof','tolower'])}({p},{R.choice(LITS)})",f"tolower({p}) eq {R.choice(LITS)}",f"toupper(tolower({p})) {R.choice(OPS)} {R.choice(LITS)}",f"{p} in ({R.choice(LITS)},{R.choice(LITS)})",f"isof('microsoft.graph.{R.choice(ENTITIES).name}')",f"{R.choice(LITS)} {R.choice(OPS)} {p}",f"microsoft.graph.{R.choice(ENTITIES).name}/{p} eq {R.choice(LITS)}"])
def filt(kind):
    t=term(kind)
    for _ in range(R.randint(0,2)): t=R.choice([f"not ({t})",f"{t} and {term(kind)}",f"({t}) or {term(kind)}",f"not {t}"])
    return t
def options(kind):
    o={}
    names=list(kind.properties_in(Version.BETA))
    navs=[n.name for n in kind.every_navigation()] if isinstance(kind,Entity) else []
    def pick(n,f):
        if R.random()<.3: o[n]=f()
    if R.random()<.6: o["$filter"]=filt(kind)
    pick("$orderby",lambda: ",".join(R.choice(names+["x","a/b"])+R.choice([""," desc"," asc"]) for _ in range(R.randint(1,3))))
    pick("$select",lambda: ",".join(R.choice(names+["*","x","microsoft.graph.user/id","a/b"]) for _ in range(R.randint(1,3))))
    pick("$top",lambda:R.choice(["0","1","2","999","1000","2147483647","x",""])); pick("$skip",lambda:R.choice(["0","1","2147483647","x"]))
    pick("$skiptoken",lambda:R.choice(["0","1","999999999","x"])); pick("$count",lambda:R.choice(["true","false"]))
    pick("$search",lambda:R.choice(['"displayName:a"','a','"a','"displayName:a" AND "mail:b"','NOT a','"x:y"','(', '"displayName:"','\x00','"displayName:%_"']))
    pick("$expand",lambda:R.choice(navs+["x","assignments","microsoft.graph.iosEasEmailProfileConfiguration/identityCertificate","members($select=id)","members($select=id;$top=1)","manager","memberOf($filter=x)","*"]))
    return o
def body(route):
    k=R.choice([route.accepts,route.returns]) if R.random()<.1 else route.accepts
    if R.random()<.03: return R.choice(ODD)
    if k is None: k={"assign":None}.get("x")
    if route.template.endswith("/assign"):
        targets=[{"target":{"@odata.type":R.choice(["#microsoft.graph.groupAssignmentTarget","#microsoft.graph.exclusionGroupAssignmentTarget","#microsoft.graph.allDevicesAssignmentTarget","#microsoft.graph.configurationManagerCollectionAssignmentTarget",7,None]),"groupId":R.choice(IDS+ODD),"deviceAndAppManagementAssignmentFilterId":R.choice(IDS+ODD),"deviceAndAppManagementAssignmentFilterType":R.choice(["include","exclude","none","x",None,7])},"intent":R.choice(["apply","remove","x",None]),"id":""} for _ in range(R.randint(0,3))]
        return R.choice([{"assignments":targets},{"deviceConfigurationGroupAssignments":[{"targetGroupId":R.choice(IDS+ODD),"excludeGroup":R.choice([True,False,None,"x"])}]},{"assignments":R.choice(ODD)}])
    if "$ref" in route.template: return {"@odata.id":R.choice(["x","https://graph.microsoft.com/v1.0/directoryObjects/"+R.choice(IDS),"users('%s')"%R.choice(IDS),"/deviceManagement/deviceConfigurations('%s')"%R.choice(IDS),*ODD])}
    if "check" in route.template or "getMember" in route.template: return {"groupIds":R.choice([IDS[:3],["x"],*ODD]),"ids":R.choice([IDS[:3],*ODD]),"securityEnabledOnly":R.choice([True,None,"x"])}
    if k is None: return {R.choice(["a","addLicenses","removeLicenses","deviceConfigurationIds","currentPassword","newPassword","requests","data","platform","rule","keys"]):R.choice(ODD+[IDS])} | {R.choice(["addLicenses","removeLicenses"]):R.choice([[],[],[],[{"skuId":"x"}],[{"skuId":"061f9ace-7d42-4136-88ac-31dc755f143f","disabledPlans":["x"]}],*ODD])}
    if isinstance(k,Entity) and R.random()<.8:
        subs=[e for e in ENTITIES if e.is_a(k) and not e.abstract]
        if subs: k=R.choice(subs)
    return obj(k)
@pytest.mark.parametrize("seeded", [DB], indirect=True)
async def test_mutate(beta, v1, enroll, root_file, raw_rsa_keys, connector_key):
    c=await Founder(beta, enroll, root_file, raw_rsa_keys, connector_key).found()
    IDS[:]=[*c.keys.values()]; ROOTF[0]=root_file
    fz=Fuzzer(beta, documents()["graph"])
    routes=[r for r in ROUTES if r.status!=501]
    ex={}
    for r in routes:
        ex[r.template]=await fz._existing("/beta/"+r.template)
    end=time.time()+T; seen=collections.Counter(); codes=collections.Counter(); n=0; bad=collections.defaultdict(list)
    ok=collections.Counter()
    while time.time()<end:
        r=R.choice(routes)
        if (r.method=="DELETE" or r.template.endswith(("wipe","retire","executeAction"))) and R.random()<.97: continue
        keys=ex[r.template] if R.random()<.85 else {k:R.choice(["x","",".","%00","'","''","a'b","(x)","$ref","😀",*IDS]) for k in r.key_names}
        import re
        from urllib.parse import quote
        path="/"+re.sub(r"\{(\w+)\}",lambda m: quote(keys[m[1]],safe="%") or "x",r.template)
        g=R.choice([beta,beta,v1])
        kw={"params":options(r.returns)} if r.method=="GET" and r.returns else {}
        if r.method in("POST","PATCH","PUT"):
            b=body(r)
            try: kw={"content":json.dumps(b).encode(),"headers":{"content-type":"application/json"}}
            except Exception: continue
        if R.random()<.5: kw["headers"]={**kw.get("headers",{}),"ConsistencyLevel":"eventual"}
        try: a=await g.request(r.method,path,**kw)
        except Exception as e:
            print("EXC",r.method,path,kw,repr(e)[:300]); traceback.print_exc(limit=-4); bad["exc"].append(1); continue
        n+=1; codes[a.status_code]+=1
        if a.status_code<300: ok[r.method+' '+r.template]+=1
        if a.status_code>=500 and a.status_code!=501:
            bad[(r.method,r.template)].append((path,kw))
    print(n,codes)
    for k,v in bad.items():
        print("BAD",k,len(v))
        for p,kw in v[:3] if k!="exc" else []: print("   ",p,str(kw)[:1500])
    print("never ok:",[r.method+' '+r.template for r in routes if r.method in("POST","PATCH","PUT") and not ok[r.method+' '+r.template]])
