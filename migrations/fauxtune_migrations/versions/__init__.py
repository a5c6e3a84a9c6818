"""The revisions, in order. None of them imports anything of ours: what they did stays done."""
