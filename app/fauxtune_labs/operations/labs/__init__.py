"""Labs in a tenant: started, played, checked and reset. The shape of a lab is that of `fauxtune_labs.core`."""
