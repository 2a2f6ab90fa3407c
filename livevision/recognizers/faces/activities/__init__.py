"""What can be done before a camera about who is named."""
