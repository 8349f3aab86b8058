"""multiprocessing.Queue, of 128 messages."""
from contest import contest


class Link:
    def __init__(self, context):
        self.queue = context.Queue(128)

    def send(self, text):
        self.queue.put(text)

    def receive(self):
        return self.queue.get()


contest(Link)
