/** Jest runs the TypeScript sources through swc as CommonJS; `npm run check` does the type checking. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.(ts|m?js)$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  // Libraries that ship ES modules only: jest's CommonJS loader needs them transformed.
  transformIgnorePatterns: ['/node_modules/(?!(jose|@bomb\\.sh)/)'],
  testTimeout: 400_000,
  maxWorkers: 2,
};
