"""What happened on the site: the events, and the store in which they are durable."""
