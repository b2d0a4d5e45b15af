// The echo server that an epoll server in C can be: one thread, level-triggered, one buffer for all connections.
// With the word http behind the address it answers each request instead, of which the whole has to arrive at once.
// Usage: epoll 127.0.0.1:PORT [http]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 16 << 10, EVENTS = 1024 };

static int listen_on(char *address)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	char *port = strrchr(address, ':');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	if (!port)
		errx(64, "%s: no port", address);
	*port++ = 0;
	sa.sin_port = htons(atoi(port));
	if (inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		errx(64, "%s: no address", address);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) || listen(fd, 65535)) // capped by somaxconn
		err(1, "%s", address);
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev))
		err(1, "epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); // as Go does
		watch(epoll, fd);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept4");
}

// write_all waits for a full send buffer, and lets all others wait with it: this load never fills one.
static int write_all(int fd, const char *buf, ssize_t n)
{
	while (n > 0) {
		ssize_t sent = write(fd, buf, n);

		if (sent < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };
			poll(&p, 1, -1);
			continue;
		}
		if (sent < 0)
			return -1;
		buf += sent;
		n -= sent;
	}
	return 0;
}

static ssize_t answers(const char *in, ssize_t n, char *out)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nok\n";
	const char *end = in + n;
	char *to = out;

	while ((in = memmem(in, end - in, "\r\n\r\n", 4))) {
		to = mempcpy(to, answer, sizeof answer - 1);
		in += 4;
	}
	return to - out;
}

static void echo(int fd, int http)
{
	static char buf[BUFFER], out[BUFFER * 20]; // an answer has 70 bytes, the end of a request 4
	ssize_t n = read(fd, buf, sizeof buf);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || (http ? write_all(fd, out, answers(buf, n, out)) : write_all(fd, buf, n)))
		close(fd);
}

int main(int argc, char **argv)
{
	static struct epoll_event events[EVENTS];
	int epoll, listener, http = argc == 3 && !strcmp(argv[2], "http");

	if (argc != 2 + http)
		errx(64, "usage: epoll ADDRESS:PORT [http]");
	listener = listen_on(argv[1]);
	epoll = epoll_create1(0);
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_all(epoll, listener);
			else
				echo(events[i].data.fd, http);
		}
	}
}
