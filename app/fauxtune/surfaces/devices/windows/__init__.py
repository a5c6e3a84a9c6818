"""Windows and Windows Phone: enrolment by MS-MDE2 (SOAP), management by MS-MDM (OMA-DM 1.2 in XML).

Desktop, Windows 10 Mobile and Windows Phone 8.1 use the same protocol; they differ in their nodes.
"""
