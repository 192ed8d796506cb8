import { join } from 'node:path'
import { test } from 'node:test'
import { pictureOf } from './picture.ts'
import { STAGES } from './stages.ts'

/*
 * The pictures of the page on the swap are made here and nowhere else. After a change of what is drawn:
 *   npx node --test --test-update-snapshots functions/control/pictures/pictures.test.ts
 */

for (const stage of STAGES)
  test(`${stage.name}.svg is what is drawn of the stage`, (t) => {
    const file = join(import.meta.dirname, `${stage.name}.svg`)
    t.assert.fileSnapshot(pictureOf(stage), file, { serializers: [String] })
  })
