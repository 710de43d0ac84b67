"""What the demo shows: an exchange of softphones on loopback, and a campaign that calls them."""
