"""Random training problems, and bounds of one training step."""
