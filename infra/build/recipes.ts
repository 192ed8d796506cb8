import type { ImageName } from '../config.ts'
import type { LambdaName } from './artifacts.ts'

/** One bundle: where it begins, and how heavy it may get. */
export interface Recipe {
  /** its folder below dist/ */
  folder: string
  kind: 'lambda' | 'image'
  /** a path below the project's root */
  entry: string
  /** of index.mjs, in KiB; what is over it is an error: a Lambda starts slower with every module */
  budget: number
}

const lambda = (name: LambdaName, entry: string, budget: number): Recipe => ({
  folder: name,
  kind: 'lambda',
  entry,
  budget,
})

const image = (name: ImageName, entry: string, budget: number): Recipe => ({
  folder: `images/${name}`,
  kind: 'image',
  entry,
  budget,
})

/** All that `npm run build` makes. Budgets: as measured (in brackets) and about a tenth. */
export const RECIPES: readonly Recipe[] = [
  lambda('producer', 'functions/producer/src/lambda.ts', 1_900), // (1,700)
  lambda('sink', 'functions/sink/src/lambda.ts', 6_400), // (5,900), nearly all of it Snowflake's driver
  lambda('control', 'functions/control/src/lambda.ts', 2_450), // (2,200)
  image('engine-node', 'functions/engine-node/src/main.ts', 2_200), // (2,000)
  image('sink', 'functions/sink/src/main.ts', 6_600), // (6,000)
  image('parity', 'functions/parity/src/main.ts', 2_250), // (2,000)
]
