/** The layer rules of ARCHITECTURE.md. Each message says where to go instead. */
const services = '^services/([^/]+)/src';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one, or need a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contracts-depends-on-zod-only',
      comment: 'Browsers run the contracts too: move what needs more to libs/platform.',
      severity: 'error',
      from: { path: '^libs/contracts/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^libs/contracts/src', '^node_modules/zod'] },
    },
    {
      name: 'platform-knows-contracts-only',
      comment: 'Plumbing must not know who uses it.',
      severity: 'error',
      from: { path: '^libs/platform/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^(services|libs/testkit|tests|scripts)/' },
    },
    {
      name: 'testkit-is-for-tests',
      comment: 'Only tests may use the testkit.',
      severity: 'error',
      from: { path: '^(services|libs)/[^/]+/src', pathNot: ['\\.test\\.ts$', '^libs/testkit/'] },
      to: { path: '^libs/testkit' },
    },
    {
      name: 'services-do-not-import-each-other',
      comment: 'They talk through a queue, a channel or history; shared code belongs in libs.',
      severity: 'error',
      from: { path: services },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'mongoose-only-in-its-adapter',
      comment: 'Everything else knows the ConversationStore port.',
      severity: 'error',
      from: { pathNot: ['^services/history/(src/store/mongo|test)/', '^node_modules'] },
      to: { path: '^node_modules/(mongoose|mongodb)/' },
    },
    {
      name: 'sqlite-only-in-its-adapter',
      comment: 'Everything else knows the ConversationStore port.',
      severity: 'error',
      from: { pathNot: ['^services/history/src/store/sqlite/', '\\.test\\.ts$', '^node_modules'] },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'openai-only-in-its-adapters',
      comment: 'Everything else knows the Provider port.',
      severity: 'error',
      from: {
        pathNot: ['^services/ai-worker/src/providers/openai/', '^libs/testkit/', '^bench/', '^node_modules'],
      },
      to: { path: '^node_modules/openai/' },
    },
    {
      name: 'socket-io-only-at-the-edge',
      comment: 'Feeds, turns and access know no sockets: they are asked through the dialects.',
      severity: 'error',
      from: { path: '^services/gateway/src/(access|conversations|feed|presence|sessions|turns)/' },
      to: { path: '^node_modules/(socket\\.io|express)/' },
    },
    {
      name: 'use-cases-know-ports-only',
      comment: 'Adapters are constructed in the composition root.',
      severity: 'error',
      from: { path: '^services/history/src/(use-cases|sweeper|effects)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^services/history/src/(store/(mongo|sqlite)|http|jobs)/' },
    },
    {
      name: 'main-is-nobodys-library',
      comment: 'A main only starts its service.',
      severity: 'error',
      from: {},
      to: { path: '^services/[^/]+/src/main\\.ts$' },
    },
    {
      name: 'nothing-is-missing',
      comment: 'Declare the package in the package.json next to the code that imports it.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
