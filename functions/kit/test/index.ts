export { startLambda } from './lambda-runtime.ts'
export { startPythonServer } from './python-server.ts'
