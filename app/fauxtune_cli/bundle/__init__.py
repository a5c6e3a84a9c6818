"""`fauxtune bundle`: everything that a room without internet needs to install Fauxtune, in one folder."""
