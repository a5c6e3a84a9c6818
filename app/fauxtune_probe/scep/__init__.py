"""`fauxtune scep verify`: a certification authority for SCEP is tried as devices would use it."""
