export { startLambda } from './lambda-runtime.ts'
export { pythonEnvironment } from './python-environment.ts'
export { startPythonServer } from './python-server.ts'
export { encodeBatch, type Batch, type BatchRecord } from './record-batch.ts'
