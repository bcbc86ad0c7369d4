"""What comes in and goes out: the guard, the routes, the bodies of requests, the page's files."""
