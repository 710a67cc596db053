/** How one system installs a program. */
export interface PackageManager {
  /** Its name on the PATH. */
  readonly program: string;
  /** Run before the installation. */
  readonly refresh: readonly string[] | undefined;
  readonly install: readonly string[];
  /** Names of the package with a Redis-compatible server, the first one that exists. */
  readonly packages: readonly string[];
  readonly needsRoot: boolean;
}

// Another installation may hold apt's lock, as on a machine that has just been started.
const waitForLock = ['-o', 'DPkg::Lock::Timeout=300'];

/** In the order in which they are looked for. */
export const packageManagers: readonly PackageManager[] = [
  {
    program: 'apt-get',
    refresh: [...waitForLock, 'update', '-qq'],
    install: [...waitForLock, 'install', '-y', '-qq', '--no-install-recommends'],
    packages: ['redis-server', 'valkey-server'],
    needsRoot: true,
  },
  {
    program: 'dnf',
    refresh: undefined,
    install: ['install', '-y'],
    packages: ['redis', 'valkey'],
    needsRoot: true,
  },
  {
    program: 'apk',
    refresh: undefined,
    install: ['add', '--no-cache'],
    packages: ['redis', 'valkey'],
    needsRoot: true,
  },
  {
    program: 'pacman',
    refresh: undefined,
    install: ['-Sy', '--noconfirm'],
    packages: ['valkey', 'redis'],
    needsRoot: true,
  },
  { program: 'brew', refresh: undefined, install: ['install'], packages: ['redis'], needsRoot: false },
];
