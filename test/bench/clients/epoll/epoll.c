// The load generator that one writes in C: one thread, edge-triggered epoll, a closed loop of messages of 64 bytes. It counts the
// bytes that come back, and neither compares them nor measures a latency: the least that a client can do.
// Usage: epoll 127.0.0.1:PORT CONNECTIONS PIPELINE SECONDS
// Prints the messages that were answered, and the nanoseconds of processor time of all of it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, EVENTS = 1024, BUFFER = 128 << 10 };

static char messages[4096 * SIZE], buf[BUFFER];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

// open_one waits until the connection stands: only what comes later is measured.
static int open_one(struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct linger reset = { .l_onoff = 1 };

	if (fd < 0 || connect(fd, (struct sockaddr *)to, sizeof *to))
		err(1, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	return fd;
}

// ask sends so many messages; this load never fills a send buffer.
static void ask(int fd, int n)
{
	if (send(fd, messages, n * SIZE, MSG_DONTWAIT) != n * SIZE)
		err(1, "send");
}

int main(int argc, char **argv)
{
	static struct epoll_event events[EVENTS];
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct rusage used;
	unsigned long answered = 0;
	int epoll = epoll_create1(0), connections, pipeline, *part;
	double end, seconds;
	char *port;

	if (argc != 5 || !(port = strrchr(argv[1], ':')))
		errx(64, "usage: epoll ADDRESS:PORT CONNECTIONS PIPELINE SECONDS");
	*port++ = 0;
	to.sin_port = htons(atoi(port));
	connections = atoi(argv[2]);
	pipeline = atoi(argv[3]);
	seconds = atof(argv[4]);
	if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || connections < 1 || pipeline < 1 || pipeline > 4096)
		errx(64, "no address, or no such load");
	memset(messages, 'a', sizeof messages);
	part = calloc(connections + 4096, sizeof *part); // by descriptor: bytes of a message that is not whole yet
	for (int i = 0; i < connections; i++) {
		int fd = open_one(&to);
		struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.fd = fd };

		if (fd >= connections + 4096 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev))
			err(1, "epoll_ctl");
		ask(fd, pipeline);
	}
	end = now() + seconds;
	while (now() < end) {
		int n = epoll_wait(epoll, events, EVENTS, 100);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd, whole;
			ssize_t got = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

			if (got < 0 && errno == EAGAIN)
				continue;
			if (got <= 0)
				err(1, "recv");
			part[fd] += got;
			whole = part[fd] / SIZE;
			part[fd] %= SIZE;
			answered += whole;
			if (whole)
				ask(fd, whole);
		}
	}
	getrusage(RUSAGE_SELF, &used);
	printf("%lu %lu\n", answered, (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000UL +
		(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000UL);
	return 0;
}
