"""What runs beside the requests: queues of jobs, sessions in memory, work ahead, and the events that tell of it."""
