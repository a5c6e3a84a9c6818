"""SCEP as Intune takes part in it: challenges, and whether a certificate request is the one that a challenge is for."""
