"""What people look at: NiceGUI pages over the same functions as the API."""
