import os, time, collections
import pytest, schemathesis
from tests.foreign.test_schemathesis import *
from tests.foreign.test_schemathesis import fuzzer
N=int(os.environ.get("N","4")); DB=os.environ.get("DB","sqlite"); EVERY=bool(os.environ.get("EVERY"))
@pytest.mark.parametrize("seeded", [DB], indirect=True)
async def test_deep(fuzzer):
    t=time.time()
    ops=fuzzer.operations(every=EVERY)
    for op in ops:
        try: await fuzzer.fuzz(op, examples=N)
        except Exception as e:
            import traceback; print('EXC', op.label, type(e), str(e)[:300]); traceback.print_exc(limit=-3)
            break
    print(len(ops), fuzzer.answered, len(fuzzer.wrong), time.time()-t)
    seen=collections.Counter()
    for w in fuzzer.wrong:
        tail=w.split("': ",1)[-1] if "': " in w else w
        k=tail[:70]
        seen[k]+=1
        if seen[k]<=3: print('W', w[:1500]); print()
    print(seen)
