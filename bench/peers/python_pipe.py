"""multiprocessing.Pipe, one way, with send_bytes and recv_bytes, its fastest."""
from contest import contest


class Link:
    def __init__(self, context):
        self.reader, self.writer = context.Pipe(duplex=False)

    def send(self, text):
        self.writer.send_bytes(text)

    def receive(self):
        return self.reader.recv_bytes()


contest(Link)
