/** What the kernel or the C library refused. */

/** An error of a system call, with the number that C calls errno. */
export class LinuxError extends Error {
  /** As in errno.h; 0 where no system call was made. */
  readonly errorNumber: number;

  /** `message` is one line that names what was being done. */
  constructor(message: string, errorNumber: number) {
    super(message);
    this.name = "LinuxError";
    this.errorNumber = errorNumber;
  }
}

/** Numbers of errno.h that are told apart. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
  ENETUNREACH: 101,
  ENETDOWN: 100,
  EHOSTUNREACH: 113,
} as const;

/** The name of an error's number, such as ENOBUFS; `errno 123` for one that is not told apart here. */
export function errorName(errorNumber: number): string {
  return Object.entries(ERRNO).find(([, number]) => number === errorNumber)?.[0] ?? `errno ${errorNumber}`;
}
