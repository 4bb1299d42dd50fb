import { defineConfig } from 'vitest/config'

// Stages run as child processes, as a person runs them: a slow machine may need a while for one.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // vitest leaves a core free, which on a small machine means one file after the other.
    maxWorkers: '100%',
  },
})
