"""For whom the application works: portals and the rights their administrators granted."""
