// Loaded before a Node child's own code (--require), so that no moment is left in which its parent's end goes unseen.
// The end of the IPC channel is the end of the parent, also after kill -9. The child leads a process group of its own:
// what it runs in turn goes with it.
const LAST_RESORT_MS = 15_000

process.once('disconnect', () => {
  setTimeout(() => process.kill(0, 'SIGKILL'), LAST_RESORT_MS).unref()
  process.kill(0, 'SIGTERM')
})
// a child that has nothing more to do may end
process.channel?.unref()
