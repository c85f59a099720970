"""What an administrator sees of jobs and does with them."""
