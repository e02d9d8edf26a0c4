/*
 * The C side of bench/linux_receive.ts: what a flood of messages costs a program that does nothing with them, and the
 * flood itself. Raw IPv4, protocol 46, with the same options as host/linux/raw_sockets.ts.
 *
 *   linux_io receive SECONDS PAUSE_US [FILE]
 *     recvmmsg in batches of 33, waiting in it for the first; unless PAUSE_US is 0 it sleeps so long after each batch that
 *     was not full. With FILE (as below) it sends as many datagrams as it receives, in batches too. Prints: packets
 *     received, microseconds of CPU (user and system), milliseconds, packets lost in the queue.
 *
 *   linux_io send FILE SECONDS PACKETS_PER_SECOND
 *     FILE has datagrams with IP headers, each behind its length (16 bits, little-endian); they are sent over and over,
 *     evenly, a batch each millisecond. 0 per second: as fast as it goes. SECONDS 0: all of them once. Prints: packets,
 *     milliseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 33, SLOT = 2048, SEND_BATCH = 64 };

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double cpu_microseconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int fail(const char *what) {
  perror(what);
  exit(1);
}

static int raw_socket(void) {
  int descriptor = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 46);
  if (descriptor < 0) fail("socket");
  int one = 1, receive = 8 << 20, send = 4 << 20;
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof receive);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &send, sizeof send);
  setsockopt(descriptor, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
  setsockopt(descriptor, IPPROTO_IP, IP_HDRINCL, &one, sizeof one);
  setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
  return descriptor;
}

static struct mmsghdr *outgoing;
static long count;

static void load(const char *name) {
  FILE *file = fopen(name, "rb");
  if (!file) fail(name);
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(size);
  if (fread(bytes, 1, size, file) != (size_t)size) fail(name);
  for (long at = 0; at < size; at += 2 + bytes[at] + 256 * bytes[at + 1]) count++;
  outgoing = calloc(count, sizeof *outgoing);
  struct iovec *iovecs = calloc(count, sizeof *iovecs);
  struct sockaddr_in *names = calloc(count, sizeof *names);
  long i = 0;
  for (long at = 0; at < size; i++) {
    int length = bytes[at] + 256 * bytes[at + 1];
    iovecs[i] = (struct iovec){bytes + at + 2, length};
    names[i].sin_family = AF_INET;
    memcpy(&names[i].sin_addr, bytes + at + 2 + 16, 4);
    outgoing[i].msg_hdr = (struct msghdr){&names[i], sizeof names[i], &iovecs[i], 1, NULL, 0, 0};
    at += 2 + length;
  }
}

static long send_some(int descriptor, long next, long wanted) {
  long sent = 0;
  while (sent < wanted) {
    long many = wanted - sent < SEND_BATCH ? wanted - sent : SEND_BATCH;
    if (many > count - next) many = count - next;
    int taken = sendmmsg(descriptor, outgoing + next, many, 0);
    if (taken < 0) {
      if (errno != ENOBUFS && errno != EAGAIN) fail("sendmmsg");
      usleep(100);
      continue;
    }
    sent += taken;
    next = (next + taken) % count;
  }
  return next;
}

static int receive(double seconds, int pause_us, const char *answers) {
  static char data[BATCH][SLOT], control[BATCH][128];
  static struct mmsghdr messages[BATCH];
  static struct iovec iovecs[BATCH];
  static struct sockaddr_storage names[BATCH];
  int descriptor = raw_socket(), one = 1;
  if (setsockopt(descriptor, IPPROTO_IP, IP_ROUTER_ALERT, &one, sizeof one) < 0) fail("IP_ROUTER_ALERT");
  if (answers) load(answers);
  struct timeval limit = {0, 100000};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  printf("ready\n");
  fflush(stdout);
  long packets = 0, lost = 0, next = 0;
  double start = milliseconds(), cpu = cpu_microseconds();
  while (milliseconds() - start < seconds * 1e3) {
    for (int i = 0; i < BATCH; i++) {
      iovecs[i] = (struct iovec){data[i], SLOT};
      messages[i].msg_hdr = (struct msghdr){&names[i], sizeof names[i], &iovecs[i], 1, control[i], sizeof control[i], 0};
    }
    int received = recvmmsg(descriptor, messages, BATCH, MSG_WAITFORONE, NULL);
    if (received <= 0) continue;
    packets += received;
    struct msghdr *last = &messages[received - 1].msg_hdr;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(last); c; c = CMSG_NXTHDR(last, c)) {
      if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) lost = *(uint32_t *)CMSG_DATA(c);
    }
    if (answers) next = send_some(descriptor, next, received);
    if (pause_us > 0 && received < BATCH) usleep(pause_us);
  }
  printf("%ld %.0f %.0f %ld\n", packets, cpu_microseconds() - cpu, milliseconds() - start, lost);
  return 0;
}

static int send_flood(const char *name, double seconds, double rate) {
  load(name);
  int descriptor = raw_socket();
  double start = milliseconds();
  long sent = 0, next = 0;
  while (seconds == 0 ? sent < count : milliseconds() - start < seconds * 1e3) {
    long due = rate == 0 ? sent + SEND_BATCH : (long)((milliseconds() - start) * rate / 1e3);
    if (seconds == 0 && due > count) due = count;
    if (due > sent) {
      next = send_some(descriptor, next, due - sent);
      sent = due;
    }
    if (rate != 0) usleep(1000);
  }
  printf("%ld %.0f\n", sent, milliseconds() - start);
  return 0;
}

int main(int count_of, char **words) {
  if (count_of >= 4 && strcmp(words[1], "receive") == 0) {
    return receive(atof(words[2]), atoi(words[3]), count_of > 4 ? words[4] : NULL);
  }
  if (count_of >= 5 && strcmp(words[1], "send") == 0) return send_flood(words[2], atof(words[3]), atof(words[4]));
  fprintf(stderr, "usage: linux_io receive SECONDS PAUSE_US [FILE] | send FILE SECONDS PACKETS_PER_SECOND\n");
  return 2;
}
