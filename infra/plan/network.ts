/** The subnets of a VPC, one of each kind in every zone, as CIDR blocks. */
export interface SubnetPlan {
  /** where everything runs */
  private: string[]
  /** where the NAT gateways stand, and nothing else */
  public: string[]
}

/** A VPC may be no bigger; and with less, a private subnet would have under 251 addresses (AWS keeps five of each). */
const BIGGEST = 16
const SMALLEST = 22

/**
 * Divides a VPC into quarters: three for private subnets, whether the third zone is used or not, the last one divided
 * again for the public ones. So a zone more moves none of those that are there.
 * @param cidr of the VPC, as 10.20.0.0/16
 * @throws Error with the rule that the CIDR breaks
 */
export function planSubnets(cidr: string, zones: 2 | 3): SubnetPlan {
  const { start, prefix } = parse(cidr)
  const block = (size: number, index: number, from = start) =>
    `${addressOf(from + index * 2 ** (32 - size))}/${size}`
  const numbers = Array.from({ length: zones }, (_, zone) => zone)
  const lastQuarter = start + 3 * 2 ** (32 - prefix - 2)
  return {
    private: numbers.map((zone) => block(prefix + 2, zone)),
    public: numbers.map((zone) => block(prefix + 4, zone, lastQuarter)),
  }
}

function parse(cidr: string): { start: number; prefix: number } {
  const refuse = (rule: string) => new Error(rule)
  const [, address = '', size = ''] = /^(\d+(?:\.\d+){3})\/(\d+)$/.exec(cidr) ?? []
  const bytes = address.split('.').map(Number)
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255))
    throw refuse('an IPv4 network, as 10.20.0.0/16')
  const prefix = Number(size)
  if (prefix < BIGGEST || prefix > SMALLEST)
    throw refuse(`between /${BIGGEST} (AWS's largest VPC) and /${SMALLEST} (251 addresses a zone)`)
  const start = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  const own = start - (start % 2 ** (32 - prefix))
  if (own !== start)
    throw refuse(
      `an address within a network, not the network's: write ${addressOf(own)}/${prefix}`,
    )
  return { start, prefix }
}

const addressOf = (value: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
