from sqlalchemy import event
from tests.surfaces.devices.apple.company import Company
from tests.surfaces.devices.apple.store import Store
IPHONE = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}
async def test_count(company: Company) -> None:
    await company.root("iosTrustedRootCertificate")
    await company.pkcs("iosPkcsCertificateProfile")
    await company.profile("iosImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    for _ in range(3): await company.import_pfx()
    log=[]
    eng=company.emulator.runner.database.engine
    event.listen(eng,"before_cursor_execute",lambda c,cur,s,p,ctx,m: log.append(" ".join(s.split())[:150]))
    event.listen(eng,"begin",lambda c: log.append("BEGIN"))
    event.listen(eng,"commit",lambda c: log.append("COMMIT"))
    device=await company.enrolled_fleet(**IPHONE)
    store=Store(device)
    def obey(cmd):
        print(f"---- told {cmd['RequestType']}: {len(log)} before; {log.count('BEGIN')} tx"); 
        for l in log: print("     ",l)
        log.clear()
        return store.obey(cmd)
    print(log.count("BEGIN"),"enrol",len(log)); log.clear()
    print(await device.converse(obey)); print("last", len(log)); log.clear()
    print(await device.converse(obey)); print("quiet", len(log)); [print("    ",l) for l in log]
