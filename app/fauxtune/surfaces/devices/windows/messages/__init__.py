"""The Windows messages as typed values: XML in, XML out, nothing else. MS-MDE2, MS-XCEP, MS-WSTEP, OMA-DM 1.2."""
