import fc from 'fast-check'
import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import { planSubnets } from './network.ts'

const zones = fc.constantFrom(2 as const, 3 as const)

/** Any network that a VPC may have here. */
const cidr = fc
  .record({ prefix: fc.integer({ min: 16, max: 22 }), address: fc.nat({ max: 2 ** 32 - 1 }) })
  .map(({ prefix, address }) => {
    const start = address - (address % 2 ** (32 - prefix))
    return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${prefix}`
  })

const sizeOf = (block: string) => 2 ** (32 - Number(block.split('/')[1]))
const firstOf = (block: string) =>
  block
    .split('/')[0]!
    .split('.')
    .reduce((sum, byte) => sum * 256 + Number(byte), 0)
const address = (value: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')

/** Node's own idea of what lies in a network. */
function within(network: string) {
  const list = new BlockList()
  const [start = '', prefix] = network.split('/')
  list.addSubnet(start, Number(prefix))
  return (value: number) => list.check(address(value))
}

test('a large network, as it is by default', () => {
  assert.deepEqual(planSubnets('10.20.0.0/16', 3), {
    private: ['10.20.0.0/18', '10.20.64.0/18', '10.20.128.0/18'],
    public: ['10.20.192.0/20', '10.20.208.0/20', '10.20.224.0/20'],
  })
})

test('every subnet lies in the network, and no two overlap', () => {
  fc.assert(
    fc.property(cidr, zones, (network, count) => {
      const plan = planSubnets(network, count)
      const blocks = [...plan.private, ...plan.public]
      const isIn = within(network)
      for (const block of blocks) {
        assert.ok(isIn(firstOf(block)) && isIn(firstOf(block) + sizeOf(block) - 1), block)
        assert.equal(firstOf(block) % sizeOf(block), 0, `${block} is a network's own address`)
        for (const other of blocks)
          if (other !== block) assert.ok(!within(other)(firstOf(block)), `${block} in ${other}`)
      }
    }),
  )
})

test('each zone has one of each, with addresses enough, in sizes that AWS takes', () => {
  fc.assert(
    fc.property(cidr, zones, (network, count) => {
      const plan = planSubnets(network, count)
      assert.equal(plan.private.length, count)
      assert.equal(plan.public.length, count)
      for (const block of plan.private) assert.ok(sizeOf(block) - 5 >= 251, block)
      for (const block of [...plan.private, ...plan.public]) {
        const prefix = Number(block.split('/')[1])
        assert.ok(prefix >= 16 && prefix <= 28, block)
      }
    }),
  )
})

test('a zone more moves no subnet', () => {
  fc.assert(
    fc.property(cidr, (network) => {
      const [two, three] = [planSubnets(network, 2), planSubnets(network, 3)]
      assert.deepEqual(three.private.slice(0, 2), two.private)
      assert.deepEqual(three.public.slice(0, 2), two.public)
    }),
  )
})

test('what is no network for a VPC is refused by key, value and rule', () => {
  const refused = (network: string) => {
    try {
      planSubnets(network, 2)
    } catch (error) {
      return (error as Error).message
    }
  }

  assert.equal(
    refused('10.20.0.5/16'),
    "an address within a network, not the network's: write 10.20.0.0/16",
  )
  assert.equal(
    refused('10.0.0.0/8'),
    "between /16 (AWS's largest VPC) and /22 (251 addresses a zone)",
  )
  assert.match(refused('10.0.0.0/24')!, /between \/16/)
  for (const text of ['10.0.0/16', '300.0.0.0/16', 'fd00::/16', ''])
    assert.match(refused(text)!, /an IPv4 network, as 10\.20\.0\.0\/16/)
})
