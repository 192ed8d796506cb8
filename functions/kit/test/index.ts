export { startLambda } from './lambda-runtime.ts'
export { pythonEnvironment } from './python-environment.ts'
export { startPythonServer } from './python-server.ts'
