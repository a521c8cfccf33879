/** The import rules of ARCHITECTURE.md. */
const inside = '^src/';
const method = '^src/modules/([^/]+)/';

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Files that import each other cannot be read one after the other.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'errors-import-nothing',
      comment: 'Everything may import the table and the error.',
      severity: 'error',
      from: { path: '^src/common/errors/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^src/common/errors/' },
    },
    {
      name: 'config-imports-only-validation',
      comment: 'Everything but frame and errors may import the environment.',
      severity: 'error',
      from: { path: '^src/common/config/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^src/common/config/', '^node_modules/class-(validator|transformer)'] },
    },
    {
      name: 'frame-knows-no-http',
      comment: 'Frames are decoded and encoded without Nest, HTTP, validation or a module.',
      severity: 'error',
      from: { path: '^src/common/frame/', pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot: [
          '^src/common/(frame|errors)/',
          '^src/common/(free|turns)\\.ts$',
          '^(node:)?(fs|timers/promises|url)$',
          '^node_modules/xjb-as',
        ],
      },
    },
    {
      name: 'http-knows-no-frame',
      comment: 'HTTP serves every route, not only methods.',
      severity: 'error',
      from: { path: '^src/common/(http|logging)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/common/(frame|method)/' },
    },
    {
      name: 'common-knows-no-module',
      comment: 'A second method must not need a change in common.',
      severity: 'error',
      from: { path: '^src/common/' },
      to: { path: ['^src/(modules|cluster|cli)/', '^src/[^/]+\\.ts$'], pathNot: '^src/version\\.ts$' },
    },
    {
      name: 'cluster-knows-no-method',
      comment: 'The cluster code could serve any application.',
      severity: 'error',
      from: { path: '^src/cluster/' },
      to: { path: '^src/(modules|cli|common/(frame|method))/' },
    },
    {
      name: 'sum-is-pure',
      comment: 'The computation knows neither Nest nor HTTP, and does no I/O.',
      severity: 'error',
      from: { path: '^src/modules/time-series/sum\\.ts$' },
      to: { pathNot: '^src/common/frame/' },
    },
    {
      name: 'service-knows-no-http',
      comment: 'A service takes and returns columns.',
      severity: 'error',
      from: { path: '^src/modules/[^/]+/[^/]+\\.service\\.ts$' },
      to: {
        path: [
          'node_modules/express',
          'node_modules/@types/express',
          '^(node:)?https?$',
          '^src/common/method/(?!method-threads\\.ts$)',
        ],
      },
    },
    {
      name: 'modules-keep-to-themselves',
      comment: 'Modules are put together in app.module.ts.',
      severity: 'error',
      from: { path: method },
      to: {
        path: inside + 'modules/',
        pathNot: '^src/modules/$1/',
      },
    },
    {
      name: 'browser-loads-only-what-is-pure',
      comment: 'Browsers load these files: no Node, and only files of the service that run without Node and Nest.',
      severity: 'error',
      from: { path: '^src/modules/playground/page/', pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot: [
          '^src/modules/playground/page/',
          '^src/common/errors/(error-codes|kasem\\.error)\\.ts$',
          '^src/common/frame/(date-units|json-scanner|frame-rules|frame|body-params|body-scan|fault-finder|series-reader)\\.ts$',
          '^node_modules/uplot/',
        ],
      },
    },
    {
      name: 'service-loads-nothing-of-the-browser',
      comment: 'The page is built separately, and served as files.',
      severity: 'error',
      from: { path: inside, pathNot: '^src/modules/playground/page/' },
      to: { path: '^src/modules/playground/page/' },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'A package that is not in package.json may disappear.',
      severity: 'error',
      from: { path: inside },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'no-dev-packages',
      comment: 'The production image has no dev dependencies.',
      severity: 'error',
      from: { path: inside, pathNot: ['\\.spec\\.ts$', '/kernel/assembly/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The second is a URL that browsers request from the service.
    exclude: { path: ['/kernel/assembly/', '/uplot/uPlot\\.esm\\.js$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.d.ts'],
    },
  },
};
