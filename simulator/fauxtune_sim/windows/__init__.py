"""Windows PCs and Windows phones: enrolment by MS-MDE2, management by OMA-DM over a tree of nodes."""
