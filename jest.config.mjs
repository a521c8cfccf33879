/** All suites run the TypeScript sources as ES modules. swc compiles them with Nest's decorator metadata. */
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
      roots: ['<rootDir>/src', '<rootDir>/bench', '<rootDir>/scripts', '<rootDir>/test/fixtures/methods'],
      testMatch: ['**/*.spec.{ts,mjs}'],
    },
    { ...shared, displayName: 'e2e', roots: ['<rootDir>/test'], testMatch: ['**/*.e2e-spec.ts'] },
    // These run only by name. They need more than Node: Flask, other languages, proxies, Prometheus, a browser, kubectl, a
    // container engine or npm's registry. The attacks need Linux and an otherwise idle machine.
    ...['proxy', 'monitoring', 'browser', 'kubernetes', 'container', 'package', 'clients', 'abuse', 'example']
      .filter((name) => process.argv.includes(name))
      .map((name) => ({
        ...shared,
        displayName: name,
        roots: ['<rootDir>/test'],
        testMatch: [`**/*.${name}-spec.ts`],
      })),
  ],
  // Generous, for busy machines.
  testTimeout: 120_000,
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', '!src/common/frame/kernel/assembly/**'],
};
