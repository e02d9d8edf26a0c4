// Sends RSVP messages of junk as raw IP, at a rate, in batches: ./junk ADDRESS PER_SECOND SECONDS
// Half of them are noise from the first byte; the others have a header that is right, without a checksum.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, LENGTH = 200, RSVP = 46 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fill(unsigned char *bytes, int with_header) {
  for (int i = 0; i < LENGTH; i += 4) {
    int word = rand();
    memcpy(bytes + i, &word, 4);
  }
  if (!with_header) return;
  const unsigned char header[8] = {0x10, 1 + rand() % 7, 0, 0, 64, 0, 0, LENGTH};
  memcpy(bytes, header, sizeof header);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  const double per_second = atof(words[2]), seconds = atof(words[3]);
  struct sockaddr_in to = {.sin_family = AF_INET};
  const int descriptor = socket(AF_INET, SOCK_RAW, RSVP);
  if (descriptor < 0 || inet_pton(AF_INET, words[1], &to.sin_addr) != 1) return 1;
  static unsigned char bytes[BATCH][LENGTH];
  struct iovec pieces[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < BATCH; i++) {
    pieces[i] = (struct iovec){bytes[i], LENGTH};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &pieces[i], .msg_iovlen = 1};
  }
  srand(7);
  long sent = 0;
  const double start = now();
  while (now() - start < seconds) {
    for (int i = 0; i < BATCH; i++) fill(bytes[i], i & 1);
    const int taken = sendmmsg(descriptor, messages, BATCH, 0);
    if (taken > 0) sent += taken;
    while (sent > (now() - start) * per_second) nanosleep(&(struct timespec){0, 200000}, NULL);
  }
  printf("%ld %.3f\n", sent, now() - start);
  return 0;
}
