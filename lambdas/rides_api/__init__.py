"""The rides_api function: takes one ride event over HTTP and puts it into the stream."""
