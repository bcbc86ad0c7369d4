"""What a session keeps of a video within a budget: embeddings, distance maps, masks."""
