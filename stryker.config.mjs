import jest from './jest.config.mjs';

/** npm run test:mutation: which faults, put into the source one by one, the tests find. */
const [unit] = jest.projects;

export default {
  mutate: [
    'src/common/**/*.ts',
    'src/modules/time-series/**/*.ts',
    '!src/**/*.spec.ts',
    '!src/**/*.d.ts',
    // AssemblyScript, which only its own compiler understands.
    '!src/common/frame/kernel/assembly/**',
    // What only several processes reach.
    '!src/common/lifecycle/supervisor.ts',
  ],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules'],
  jest: {
    projectType: 'custom',
    enableFindRelatedTests: false,
    config: {
      ...unit,
      displayName: undefined,
      roots: ['<rootDir>/src', '<rootDir>/test'],
      // Beside the unit tests those that run the source in their own process.
      testMatch: ['**/*.spec.ts', '**/{method,second-method,transport,limits,fault}.e2e-spec.ts'],
      testTimeout: 30_000,
    },
  },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: true },
  jsonReporter: { fileName: 'artifacts/mutation.json' },
};
