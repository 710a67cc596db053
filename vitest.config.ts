import { defineConfig } from 'vitest/config';

const shared = { environment: 'node' as const, globals: false, restoreMocks: true };
const tree = '{libs,services,tests,scripts,bench}/**';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [`${tree}/*.test.ts`],
          exclude: [
            '**/node_modules/**',
            '**/*.integration.test.ts',
            '**/*.e2e.test.ts',
            '**/*.browser.test.ts',
            '**/*.chaos.test.ts',
          ],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          include: [`${tree}/*.integration.test.ts`],
          globalSetup: ['libs/testkit/src/servers/global-setup.ts'],
          setupFiles: ['libs/testkit/src/leaks/integration-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: [`${tree}/*.e2e.test.ts`],
          // Each file runs a whole cluster and mostly waits; with more at a time two cores would be what is tested.
          maxWorkers: 2,
          // Vitest wants this where the number of workers differs.
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'browser',
          include: [`${tree}/*.browser.test.ts`],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'chaos',
          include: [`${tree}/*.chaos.test.ts`],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
