import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { privateBucket } from '../components/private-bucket.ts'
import { IMAGES } from '../config.ts'
import { keyPolicy } from './key-policy.ts'

/**
 * What comes before the first deploy and outlives every one: the key that encrypts what a pipeline keeps, the bucket of
 * its artefacts and a repository for each image. All of it is protected: without the key nothing can be read again.
 */

const KEPT_IMAGES = 30

const stack = pulumi.getStack()
const { region } = aws.config
if (region === undefined)
  throw new Error(
    `Pulumi.${stack}.yaml: aws:region is not set.\n  Next: pulumi config set aws:region eu-west-1 --cwd infra/bootstrap --stack ${stack}`,
  )
const accountId = aws.getCallerIdentityOutput({}).accountId
const kept = { protect: true, retainOnDelete: true }

const key = new aws.kms.Key(
  'order-up',
  {
    description: `Order-Up ${stack}: topics, state, secrets, logs, artefacts`,
    enableKeyRotation: true,
    deletionWindowInDays: 30,
    policy: pulumi.jsonStringify(accountId.apply((id) => keyPolicy({ accountId: id, region }))),
  },
  kept,
)
new aws.kms.Alias('order-up', { name: `alias/order-up-${stack}`, targetKeyId: key.keyId }, kept)

const { bucket } = privateBucket(
  'artifacts',
  { bucketName: 'order-up-artifacts', keyArn: key.arn },
  {},
  kept,
)

function repositoryOf(image: string): pulumi.Output<string> {
  const repository = new aws.ecr.Repository(
    image,
    {
      name: `order-up-${stack}/${image}`,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: 'KMS', kmsKey: key.arn }],
    },
    kept,
  )
  new aws.ecr.LifecyclePolicy(image, {
    repository: repository.name,
    policy: JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          description: `the newest ${KEPT_IMAGES}: enough to go back`,
          selection: {
            tagStatus: 'any',
            countType: 'imageCountMoreThan',
            countNumber: KEPT_IMAGES,
          },
          action: { type: 'expire' },
        },
      ],
    }),
  })
  return repository.repositoryUrl
}

/** for `npm run release` */
export const artifactBucket = bucket.bucket
export const keyArn = key.arn
export const repositories = Object.fromEntries(IMAGES.map((image) => [image, repositoryOf(image)]))
