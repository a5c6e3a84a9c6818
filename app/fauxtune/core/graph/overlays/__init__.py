"""What is known of Graph's types beyond their schema, one file an area: the types that are named here are served."""
