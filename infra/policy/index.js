// Pulumi's policy loader compiles .ts with ts-node, which refuses imports that end in .ts; what JavaScript imports, Node
// loads itself, stripping the types.
import './index.ts'
