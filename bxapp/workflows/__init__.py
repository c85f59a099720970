"""What runs in a portal: pages of workflows, with the names that people know them by."""
