"""What a classroom leaves on paper: cards to cut up, and a transcript of each seat."""
