import type { SwapPlan } from '@order-up/control'

/** A dry run, for a person: what would change and what would not, what it waits for, and the way back. */
export function planText(plan: SwapPlan): string {
  const { from, to, changes, stays, waitsFor, undo, steps, refused } = plan
  const part = (title: string, lines: readonly string[]) =>
    lines.map((line, i) => `  ${(i === 0 ? title : '').padEnd(9)}${line}`)
  const nameWidth = Math.max(0, ...steps.map(({ name }) => name.length))
  return [
    'A dry run: nothing was written',
    ...part('now', [from]),
    ...(to === from ? [] : part('then', [to])),
    ...part('changes', changes.length > 0 ? changes : ['nothing']),
    ...part('stays', stays),
    ...part('waits', waitsFor),
    ...part(
      'steps',
      steps.map(({ name, about }) => `${name.padEnd(nameWidth)}  ${about}`),
    ),
    ...part('undo', undo === '' ? [] : [undo]),
    ...part('refused', refused),
  ].join('\n')
}
