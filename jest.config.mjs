/** Both suites run the TypeScript as it is, as ES modules, compiled by swc with Nest's decorator metadata. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

export default {
  globalSetup: './scripts/setup.mjs',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/bench', '<rootDir>/scripts'],
      testMatch: ['**/*.spec.{ts,mjs}'],
    },
    { ...shared, displayName: 'e2e', roots: ['<rootDir>/test'], testMatch: ['**/*.e2e-spec.ts'] },
    // These need more than Node, and are run by name: Flask, other languages, a proxy, a Prometheus, a browser, kubectl, a
    // container engine, npm's registry; and the attacks, which need Linux and the machine for themselves.
    ...['proxy', 'monitoring', 'browser', 'kubernetes', 'container', 'package', 'clients', 'abuse', 'example']
      .filter((name) => process.argv.includes(name))
      .map((name) => ({
        ...shared,
        displayName: name,
        roots: ['<rootDir>/test'],
        testMatch: [`**/*.${name}-spec.ts`],
      })),
  ],
  // A busy machine is no fault.
  testTimeout: 120_000,
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', '!src/common/frame/kernel/assembly/**'],
};
