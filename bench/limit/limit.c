/*
 * The C side of the benchmarks: the same work as the engine's, done as well as we know how in C.
 *
 *   cc -O3 -march=native -o limit limit.c
 *   limit decode FILE ROUNDS     every packet of FILE: checksums, lengths, all objects, all fields in host order
 *   limit build COUNT ROUNDS     a PATH of seven objects from fields, checksum included
 *   limit lookup SESSIONS COUNT ROUNDS   random look-ups among SESSIONS sessions
 *   limit transit SESSIONS ROUNDS   a router's work on Path, Resv and ResvConf of each session: decode, state, build onwards
 *
 * FILE holds { length u32 in host order, IPv4 packet padded to a multiple of four } one after the other, as
 * bench/traffic.ts writes it. Each round prints one line: "ns <nanoseconds per operation>", and the last line is
 * "check <number>", over every field that was read, so that both sides can be shown to have read the same.
 * It is not a proven bound, only the best that we know.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline uint16_t get16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return __builtin_bswap16(v); }
static inline uint32_t get32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return __builtin_bswap32(v); }
static inline void put16(uint8_t *p, uint16_t v) { v = __builtin_bswap16(v); memcpy(p, &v, 2); }
static inline void put32(uint8_t *p, uint32_t v) { v = __builtin_bswap32(v); memcpy(p, &v, 4); }

/* RFC 1071 over a multiple of four bytes, in host order: one's complement sums do not mind the order of bytes.
 * Two lanes of 64 bits, each load counted as two halves of 32, so that additions overlap and no carry is lost. */
static inline uint16_t checksum(const uint8_t *p, uint32_t n) {
  uint64_t even = 0, odd = 0;
  uint32_t i = 0;
  for (; i + 16 <= n; i += 16) {
    uint64_t x, y;
    memcpy(&x, p + i, 8), memcpy(&y, p + i + 8, 8);
    even += (x & 0xffffffff) + (x >> 32), odd += (y & 0xffffffff) + (y >> 32);
  }
  for (; i < n; i += 4) { uint32_t w; memcpy(&w, p + i, 4); even += w; }
  uint64_t sum = even + odd;
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

enum { MAXIMUM_SENDERS = 8 };
struct token_bucket { uint32_t rate, bucket, peak, minimum_policed, maximum_size; };
struct message {
  uint8_t type, ttl, flags, protocol, session_flags, style, service, error_flags, error_code, break_bit;
  uint16_t destination_port, error_value;
  uint32_t ip_source, ip_destination, destination, hop, handle, refresh_ms, error_node, confirm, senders, seen;
  uint32_t sender[MAXIMUM_SENDERS];
  uint16_t sender_port[MAXIMUM_SENDERS];
  struct token_bucket tspec, flowspec;
  uint32_t guaranteed_rate, slack, hops, bandwidth, latency, mtu, guaranteed[4];
};

/* RFC 2210 3.1, 3.2: message header, one service, token bucket parameter, for guaranteed service the rate too. */
static inline int read_flow(const uint8_t *p, uint32_t n, struct token_bucket *t, struct message *m, int flowspec) {
  if (n < 32 || (p[0] >> 4) != 0 || get16(p + 2) * 4u + 4 != n || get16(p + 6) * 4u + 8 != n) return 0;
  if (p[8] != 127 || get16(p + 10) != 5) return 0;
  t->rate = get32(p + 12), t->bucket = get32(p + 16), t->peak = get32(p + 20);
  t->minimum_policed = get32(p + 24), t->maximum_size = get32(p + 28);
  if (!flowspec) return 1;
  m->service = p[4];
  if (p[4] != 2) return 1;
  if (n < 44 || p[32] != 130 || get16(p + 34) != 2) return 0;
  m->guaranteed_rate = get32(p + 36), m->slack = get32(p + 40);
  return 1;
}

/* RFC 2210 3.3: a run of service fragments, each a run of parameters. */
static inline int read_adspec(const uint8_t *p, uint32_t n, struct message *m) {
  if (n < 4 || (p[0] >> 4) != 0 || get16(p + 2) * 4u + 4 != n) return 0;
  for (uint32_t at = 4; at < n;) {
    if (at + 4 > n) return 0;
    uint32_t end = at + 4 + get16(p + at + 2) * 4u;
    if (end > n) return 0;
    m->break_bit |= p[at + 1] >> 7;
    for (uint32_t q = at + 4; q < end;) {
      uint32_t next = q + 4 + get16(p + q + 2) * 4u;
      if (next > end) return 0;
      uint32_t value = next > q + 4 ? get32(p + q + 4) : 0;
      switch (p[q]) {
        case 4: m->hops = value; break;
        case 6: m->bandwidth = value; break;
        case 8: m->latency = value; break;
        case 10: m->mtu = value; break;
        case 133: case 134: case 135: case 136: m->guaranteed[p[q] - 133] = value; break;
      }
      q = next;
    }
    at = end;
  }
  return 1;
}

static inline int read_object(const uint8_t *p, uint32_t length, struct message *m) {
  const uint8_t *d = p + 4;
  switch (p[2]) {
    case 1:
      if (length != 12 || p[3] != 1) return 0;
      m->destination = get32(d), m->protocol = d[4], m->session_flags = d[5], m->destination_port = get16(d + 6);
      return 1;
    case 3: if (length != 12) return 0; m->hop = get32(d), m->handle = get32(d + 4); return 1;
    case 5: if (length != 8) return 0; m->refresh_ms = get32(d); return 1;
    case 6:
      if (length != 12) return 0;
      m->error_node = get32(d), m->error_flags = d[4], m->error_code = d[5], m->error_value = get16(d + 6);
      return 1;
    case 8: if (length != 8) return 0; m->style = d[3]; return 1;
    case 9: return read_flow(d, length - 4, &m->flowspec, m, 1);
    case 10: case 11:
      if (length != 12 || m->senders >= MAXIMUM_SENDERS) return 0;
      m->sender[m->senders] = get32(d), m->sender_port[m->senders++] = get16(d + 6);
      return 1;
    case 12: return read_flow(d, length - 4, &m->tspec, m, 0);
    case 13: return read_adspec(d, length - 4, m);
    case 15: if (length != 8) return 0; m->confirm = get32(d); return 1;
    default: return 1;
  }
}

#define BIT(class) (1u << (class))
/* RFC 2205 3.1.3 to 3.1.8: what each message must carry. */
static const uint32_t REQUIRED[8] = {
  0, BIT(1) | BIT(3) | BIT(5) | BIT(11) | BIT(12), BIT(1) | BIT(3) | BIT(5) | BIT(8) | BIT(9),
  BIT(1) | BIT(6) | BIT(11) | BIT(12), BIT(1) | BIT(3) | BIT(6) | BIT(8), BIT(1) | BIT(3) | BIT(11),
  BIT(1) | BIT(3) | BIT(8), BIT(1) | BIT(6) | BIT(15) | BIT(8),
};

static inline int decode(const uint8_t *packet, uint32_t available, struct message *m) {
  if (available < 28 || (packet[0] >> 4) != 4) return 0;
  uint32_t header = (packet[0] & 15) * 4u, total = get16(packet + 2);
  if (header < 20 || total > available || total < header + 8 || checksum(packet, header) != 0xffff) return 0;
  m->ip_source = get32(packet + 12), m->ip_destination = get32(packet + 16);
  const uint8_t *p = packet + header;
  uint32_t n = get16(p + 6);
  if ((p[0] >> 4) != 1 || n < 8 || (n & 3) != 0 || n != total - header || checksum(p, n) != 0xffff) return 0;
  m->flags = p[0] & 15, m->type = p[1], m->ttl = p[4];
  m->senders = m->confirm = m->break_bit = 0;
  uint32_t seen = 0;
  for (uint32_t at = 8; at < n;) {
    uint32_t object = get16(p + at);
    if (object < 4 || (object & 3) != 0 || at + object > n || !read_object(p + at, object, m)) return 0;
    if (p[at + 2] < 32) seen |= BIT(p[at + 2]);
    at += object;
  }
  m->seen = seen;
  return m->type >= 1 && m->type <= 7 && (seen & REQUIRED[m->type]) == REQUIRED[m->type];
}

static int run_decode(const char *file, int rounds) {
  FILE *f = fopen(file, "rb");
  if (!f) { perror(file); return 1; }
  fseek(f, 0, SEEK_END);
  long size = ftell(f);
  rewind(f);
  uint8_t *bytes = malloc(size + 16);
  if (fread(bytes, 1, size, f) != (size_t)size) { perror(file); return 1; }
  fclose(f);
  uint64_t check = 0, bad = 0;
  struct message m;
  memset(&m, 0, sizeof m);
  for (int round = 0; round < rounds; round++) {
    uint64_t count = 0;
    check = bad = 0;
    double start = now_ns();
    for (long at = 0; at < size;) {
      uint32_t length;
      memcpy(&length, bytes + at, 4);
      if (!decode(bytes + at + 4, length, &m)) bad++;
      check += m.destination ^ m.hop ^ m.sender[0] ^ (m.type == 1 ? m.tspec.rate ^ m.latency : m.flowspec.rate);
      at += 4 + ((length + 3) & ~3u);
      count++;
    }
    printf("ns %.2f\n", (now_ns() - start) / count);
  }
  printf("bad %llu\ncheck %llu\n", (unsigned long long)bad, (unsigned long long)check);
  return 0;
}

static inline uint8_t *object(uint8_t *w, uint16_t length, uint8_t class, uint8_t ctype) {
  put16(w, length);
  w[2] = class, w[3] = ctype;
  return w + 4;
}

/* Not inlined: its constant fields must be written for each message, as in a node they are. */
__attribute__((noinline)) static uint32_t build_path(uint8_t *p, const struct message *m) {
  uint8_t *d = object(p + 8, 12, 1, 1);
  put32(d, m->destination), d[4] = m->protocol, d[5] = m->session_flags, put16(d + 6, m->destination_port);
  d = object(d + 8, 12, 3, 1);
  put32(d, m->hop), put32(d + 4, m->handle);
  d = object(d + 8, 8, 5, 1);
  put32(d, m->refresh_ms);
  d = object(d + 4, 12, 11, 1);
  put32(d, m->sender[0]), put32(d + 4, m->sender_port[0]);
  d = object(d + 8, 36, 12, 2);
  put32(d, 7), put32(d + 4, 0x01000006), put32(d + 8, 0x7f000005), put32(d + 12, m->tspec.rate);
  put32(d + 16, m->tspec.bucket), put32(d + 20, m->tspec.peak), put32(d + 24, m->tspec.minimum_policed);
  put32(d + 28, m->tspec.maximum_size);
  d = object(d + 32, 84, 13, 2);
  put32(d, 19), put32(d + 4, 0x01000008), put32(d + 8, 0x04000001), put32(d + 12, m->hops), put32(d + 16, 0x06000001);
  put32(d + 20, m->bandwidth), put32(d + 24, 0x08000001), put32(d + 28, m->latency), put32(d + 32, 0x0a000001);
  put32(d + 36, m->mtu), put32(d + 40, 0x02000008);
  for (uint32_t i = 0; i < 4; i++) put32(d + 44 + 8 * i, 0x85000001 + (i << 24)), put32(d + 48 + 8 * i, m->guaranteed[i]);
  put32(d + 76, 0x05000000);
  uint32_t length = (uint32_t)(d + 80 - p);
  p[0] = 0x10, p[1] = 1, p[2] = p[3] = 0, p[4] = m->ttl, p[5] = 0;
  put16(p + 6, length);
  uint16_t sum = ~checksum(p, length);
  memcpy(p + 2, &sum, 2);
  return length;
}

static int run_build(uint32_t count, int rounds) {
  struct message m;
  memset(&m, 0, sizeof m);
  m.protocol = 17, m.destination_port = 5004, m.hop = 0xc0000201, m.refresh_ms = 30000, m.ttl = 63, m.sender[0] = 0xc6336401;
  m.tspec = (struct token_bucket){0x48435000, 0x45fa0000, 0x48c35000, 64, 1500};
  m.hops = 3, m.bandwidth = 0x4cee6b28, m.latency = 100, m.mtu = 1500;
  uint8_t *ring = malloc(256 * 1024);
  uint64_t check = 0;
  for (int round = 0; round < rounds; round++) {
    check = 0;
    double start = now_ns();
    for (uint32_t i = 0; i < count; i++) {
      m.destination = 0x0a000000 + i, m.handle = i;
      check += build_path(ring + (i & 1023) * 256, &m);
    }
    printf("ns %.2f\n", (now_ns() - start) / count);
  }
  for (uint32_t i = 0; i < 1024; i++) check += get16(ring + i * 256 + 2);
  printf("check %llu\n", (unsigned long long)check);
  return 0;
}

struct session { uint32_t destination; uint16_t port; uint8_t protocol, flags; uint8_t rest[120]; };
struct slot { uint32_t tag, index; };

static inline uint64_t hash(uint32_t destination, uint16_t port, uint8_t protocol) {
  uint64_t x = ((uint64_t)destination << 32) | ((uint32_t)port << 8) | protocol;
  x *= 0x9E3779B97F4A7C15ull, x ^= x >> 32, x *= 0xD6E8FEB86659FD93ull;
  return x ^ (x >> 29);
}

static int run_lookup(uint32_t sessions, uint32_t count, int rounds) {
  uint32_t size = 1;
  while (size < sessions + sessions / 3) size <<= 1;
  struct session *all = calloc(sessions, sizeof *all);
  struct slot *table = calloc(size, sizeof *table);
  for (uint32_t i = 0; i < sessions; i++) {
    all[i].destination = 0x0a000000 + i, all[i].port = 5004, all[i].protocol = 17;
    uint64_t h = hash(all[i].destination, 5004, 17);
    uint32_t at = h & (size - 1);
    while (table[at].tag) at = (at + 1) & (size - 1);
    table[at] = (struct slot){(uint32_t)(h >> 32) | 1, i};
  }
  uint64_t check = 0;
  for (int round = 0; round < rounds; round++) {
    uint32_t state = 2463534242u;
    check = 0;
    double start = now_ns();
    for (uint32_t i = 0; i < count; i++) {
      state ^= state << 13, state ^= state >> 17, state ^= state << 5;
      uint32_t destination = 0x0a000000 + (uint32_t)(((uint64_t)state * sessions) >> 32);
      uint64_t h = hash(destination, 5004, 17);
      for (uint32_t at = h & (size - 1);; at = (at + 1) & (size - 1)) {
        if (table[at].tag != ((uint32_t)(h >> 32) | 1)) continue;
        struct session *s = &all[table[at].index];
        if (s->destination == destination && s->port == 5004 && s->protocol == 17) { check += table[at].index; break; }
      }
    }
    printf("ns %.2f\n", (now_ns() - start) / count);
  }
  printf("check %llu\n", (unsigned long long)check);
  return 0;
}

static uint32_t build_resv(uint8_t *p, const struct message *m, uint32_t hop, uint32_t handle) {
  uint8_t *d = object(p + 8, 12, 1, 1);
  put32(d, m->destination), d[4] = m->protocol, d[5] = m->session_flags, put16(d + 6, m->destination_port);
  d = object(d + 8, 12, 3, 1);
  put32(d, hop), put32(d + 4, handle);
  d = object(d + 8, 8, 5, 1);
  put32(d, m->refresh_ms);
  if (m->confirm) d = object(d + 4, 8, 15, 1), put32(d, m->confirm);
  d = object(d + 4, 8, 8, 1);
  put32(d, m->style);
  d = object(d + 4, 36, 9, 2);
  put32(d, 7), put32(d + 4, 0x05000006), put32(d + 8, 0x7f000005), put32(d + 12, m->flowspec.rate);
  put32(d + 16, m->flowspec.bucket), put32(d + 20, m->flowspec.peak), put32(d + 24, m->flowspec.minimum_policed);
  put32(d + 28, m->flowspec.maximum_size);
  d = object(d + 32, 12, 10, 1);
  put32(d, m->sender[0]), put32(d + 4, m->sender_port[0]);
  uint32_t length = (uint32_t)(d + 8 - p);
  p[0] = 0x10, p[1] = 2, p[2] = p[3] = 0, p[4] = m->ttl, p[5] = 0;
  put16(p + 6, length);
  uint16_t sum = ~checksum(p, length);
  memcpy(p + 2, &sum, 2);
  return length;
}

static uint32_t build_conf(uint8_t *p, const struct message *m) {
  uint8_t *d = object(p + 8, 12, 1, 1);
  put32(d, m->destination), d[4] = m->protocol, d[5] = m->session_flags, put16(d + 6, m->destination_port);
  d = object(d + 8, 12, 6, 1);
  put32(d, m->error_node), d[4] = m->error_flags, d[5] = m->error_code, put16(d + 6, m->error_value);
  d = object(d + 8, 8, 15, 1);
  put32(d, m->confirm);
  d = object(d + 4, 8, 8, 1);
  put32(d, m->style);
  d = object(d + 4, 36, 9, 2);
  put32(d, 7), put32(d + 4, 0x05000006), put32(d + 8, 0x7f000005), put32(d + 12, m->flowspec.rate);
  put32(d + 16, m->flowspec.bucket), put32(d + 20, m->flowspec.peak), put32(d + 24, m->flowspec.minimum_policed);
  put32(d + 28, m->flowspec.maximum_size);
  d = object(d + 32, 12, 10, 1);
  put32(d, m->sender[0]), put32(d + 4, m->sender_port[0]);
  uint32_t length = (uint32_t)(d + 8 - p);
  p[0] = 0x10, p[1] = 7, p[2] = p[3] = 0, p[4] = m->ttl, p[5] = 0;
  put16(p + 6, length);
  uint16_t sum = ~checksum(p, length);
  memcpy(p + 2, &sum, 2);
  return length;
}

/* Session, path and reservation state of a unicast session with one sender, all fields in place. */
struct state {
  uint32_t destination; uint16_t port; uint8_t protocol, style;
  uint32_t sender, sender_port, previous_hop, previous_handle, next_hop, next_handle, path_expiry, resv_expiry;
  struct token_bucket tspec, flowspec;
  uint32_t hops, bandwidth, latency, mtu, guaranteed[4];
};

static struct state *find(struct state *all, struct slot *table, uint32_t mask, const struct message *m, uint32_t *count) {
  uint64_t h = hash(m->destination, m->destination_port, m->protocol);
  uint32_t tag = (uint32_t)(h >> 32) | 1, at = h & mask;
  for (; table[at].tag; at = (at + 1) & mask) {
    struct state *s = &all[table[at].index];
    if (table[at].tag == tag && s->destination == m->destination && s->port == m->destination_port && s->protocol == m->protocol) return s;
  }
  if (!count) return NULL;
  table[at] = (struct slot){tag, *count};
  struct state *s = &all[(*count)++];
  s->destination = m->destination, s->port = m->destination_port, s->protocol = m->protocol;
  return s;
}

enum { PATH, RESV, CONF };
static uint32_t wrap_in_ip(uint8_t *p, const struct message *m, int kind) {
  uint8_t *message = p + 20;
  uint32_t length = 20 + (kind == RESV ? build_resv(message, m, 0xcb007102, 2) : kind == PATH ? build_path(message, m) : build_conf(message, m));
  put32(p, 0x45c00000 | length), put32(p + 4, 0), put32(p + 8, 0x3f2e0000);
  put32(p + 12, m->sender[0]), put32(p + 16, m->destination);
  uint16_t sum = ~checksum(p, 20);
  memcpy(p + 10, &sum, 2);
  return length;
}

static int run_transit(uint32_t sessions, int rounds) {
  struct message m, x;
  memset(&m, 0, sizeof m), memset(&x, 0, sizeof x);
  m.protocol = 17, m.destination_port = 5004, m.hop = 0xc0000201, m.refresh_ms = 30000, m.ttl = 63, m.sender[0] = 0xc6336401;
  m.tspec = m.flowspec = (struct token_bucket){0x47c35000, 0x45fa0000, 0x48435000, 64, 1500};
  m.style = 0x0a, m.hops = 1, m.bandwidth = 0x4cee6b28, m.latency = 100, m.mtu = 1500;
  uint8_t *packets = malloc((size_t)sessions * 768), *out = malloc(512);
  uint32_t *lengths = malloc((size_t)sessions * 12), mask = 1;
  while (mask < sessions + sessions / 3) mask <<= 1;
  for (uint32_t i = 0; i < sessions; i++) {
    m.destination = m.confirm = 0x0a000001 + i, m.error_node = m.sender[0];
    for (int kind = PATH; kind <= CONF; kind++)
      lengths[3 * i + kind] = wrap_in_ip(packets + (size_t)i * 768 + 256 * kind, &m, kind);
  }
  uint64_t bytes = 0;
  for (int round = 0; round < rounds; round++) {
    struct state *all = malloc(sessions * sizeof *all);
    struct slot *table = malloc(mask * sizeof *table);
    /* Fresh pages are written to before the clock starts, as on the other side. */
    memset(all, 1, sessions * sizeof *all), memset(all, 0, sessions * sizeof *all), memset(table, 1, mask * sizeof *table);
    memset(table, 0, mask * sizeof *table);
    uint32_t count = 0;
    bytes = 0;
    double start = now_ns();
    for (uint32_t i = 0; i < 3 * sessions; i++) {
      /* All Paths, then all Resvs, then all ResvConfs, as the other side does it. */
      int kind = i / sessions;
      uint32_t k = i % sessions;
      if (!decode(packets + (size_t)k * 768 + 256 * kind, lengths[3 * k + kind], &x)) return 1;
      struct state *s = find(all, table, mask - 1, &x, kind == PATH ? &count : NULL);
      if (!s) return 1;
      if (kind == CONF) {
        x.ttl--;
        bytes += build_conf(out, &x);
      } else if (kind == RESV) {
        s->next_hop = x.hop, s->next_handle = x.handle, s->style = x.style, s->flowspec = x.flowspec, s->resv_expiry = x.refresh_ms * 3;
        bytes += build_resv(out, &x, 0xc00002fe, s->previous_handle);
      } else {
        s->sender = x.sender[0], s->sender_port = x.sender_port[0], s->previous_hop = x.hop, s->previous_handle = x.handle;
        s->tspec = x.tspec, s->hops = x.hops, s->bandwidth = x.bandwidth, s->latency = x.latency, s->mtu = x.mtu;
        memcpy(s->guaranteed, x.guaranteed, sizeof s->guaranteed), s->path_expiry = x.refresh_ms * 3;
        x.hop = 0xcb0071fe, x.handle = 2, x.hops++, x.latency += 10, x.ttl--;
        bytes += build_path(out, &x);
      }
    }
    printf("ns %.2f\n", (now_ns() - start) / sessions);
    free(all), free(table);
  }
  printf("check %llu\n", (unsigned long long)bytes);
  return 0;
}

int main(int count, char **argument) {
  if (count == 4 && !strcmp(argument[1], "decode")) return run_decode(argument[2], atoi(argument[3]));
  if (count == 4 && !strcmp(argument[1], "build")) return run_build(atoi(argument[2]), atoi(argument[3]));
  if (count == 5 && !strcmp(argument[1], "lookup")) return run_lookup(atoi(argument[2]), atoi(argument[3]), atoi(argument[4]));
  if (count == 4 && !strcmp(argument[1], "transit")) return run_transit(atoi(argument[2]), atoi(argument[3]));
  fprintf(stderr, "usage: limit decode FILE ROUNDS | build COUNT ROUNDS | lookup SESSIONS COUNT ROUNDS | transit SESSIONS ROUNDS\n");
  return 2;
}
