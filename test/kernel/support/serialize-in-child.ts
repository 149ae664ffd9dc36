/** Makes an answer with ten megabytes of text ready for the wire, as the served provider does; prints how many bytes it has. */
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import { encode } from '../../../infra/exchange/provider/kernel/marshal.js';
import { withLongTexts } from '../../../infra/exchange/provider/kernel/serialize.js';

const response = new providerPb.CreateResponse();
response.setProperties(encode({ record: Buffer.alloc(7_500_000, 7).toString('base64') }));
const { create } = withLongTexts(providerGrpc.ResourceProviderService);
process.stdout.write(String(create.responseSerialize(response).length));
