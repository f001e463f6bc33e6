/** A paper that a comment may cite. */
export interface Paper {
  /** The anchor on the page of papers. */
  readonly key: string;
  /** As comments cite them; empty where they name none. */
  readonly authors: string;
  /** As comments cite it, or a name; empty where they give the number alone. */
  readonly title: string;
  /** Shorter titles, and names under which comments know it. */
  readonly names: readonly string[];
  /** `ICML 2024`, or the year alone. */
  readonly published: string;
  readonly year: number;
  readonly arxiv?: string;
}

/** Everything that the source cites. A new citation needs a row: key | authors | title | published | arXiv | other names. */
const table = `
flora | Hao, Cao and Mou | Flora: low-rank adapters are secretly gradient compressors | ICML 2024 | 2402.03293 | Flora

# Compressed and projected gradients.
galore | Zhao et al. | GaLore: memory-efficient LLM training by gradient low-rank projection | ICML 2024 | 2403.03507 | GaLore
q-galore | Zhang et al. | Q-GaLore: quantized GaLore with INT4 projection and layer-adaptive low-rank gradients | 2024 | 2407.08296 | Q-GaLore
welore | Jaiswal et al. | From low rank gradient subspace stabilization to low-rank weights: observations, theories, and applications | 2024 | 2407.11239
apollo | Zhu et al. | APOLLO: SGD-like memory, AdamW-level performance | MLSys 2025 | 2412.05270 | APOLLO
fira | Chen et al. | Fira: can we achieve full-rank training of LLMs under low-rank constraint? | 2024 | 2410.01623 | Fira
frugal | Zmushko et al. | FRUGAL: memory-efficient optimization by reducing state overhead for scalable training | 2024 | 2411.07837
grass | Muhamed et al. | GRASS: compute efficient low-memory LLM training with structured sparse gradients | EMNLP 2024 | 2406.17660
ldadam | Robert, Safaryan, Modoranu and Alistarh | LDAdam: adaptive optimization from low-dimensional gradient statistics | ICLR 2025 | 2410.16103 | LDAdam
subtrack | Rajabi, Nonta and Rambhatla | SubTrack++: gradient subspace tracking for scalable LLM training | NeurIPS 2025 | 2502.01586 | SubTrack++
coap | Xiao et al. | COAP: memory-efficient training with correlation-aware gradient projection | CVPR 2025 | 2412.00071 | COAP
vlorp |  | Memory-efficient LLM training by various-grained low-rank projection of gradients | 2025 | 2505.01744
subset-norm | Nguyen and Nguyen | Subset-Norm and Subspace-Momentum | 2024 | 2411.07120
lozo | Chen et al. | Enhancing zeroth-order fine-tuning for language models with low-rank structures | 2024 | 2410.07698
powersgd | Vogels, Karimireddy and Jaggi | PowerSGD: practical low-rank gradient compression for distributed optimization | NeurIPS 2019 | 1905.13727
error-feedback | Karimireddy et al. | Error feedback fixes SignSGD and other gradient compression schemes | 2019 | 1901.09847
one-bit | Seide et al. | 1-bit stochastic gradient descent | Interspeech 2014
swan | Ma et al. | SWAN: SGD with normalization and whitening enables stateless LLM training | 2024 | 2412.13148
sink-gd | Scetbon et al. | Gradient multi-normalization for stateless and scalable LLM training | 2025 | 2502.06742
muon | Jordan et al. | Muon: an optimizer for hidden layers in neural networks | 2024
congrad |  | CONGRAD | 2025 | 2503.23777 | CONGRAD
pcgrad | Yu et al. | Gradient surgery for multi-task learning | 2020 | 2001.06782
dp-noise | Malekmohammadi and Farnadi | On the implicit relation between low-rank adaptation and differential privacy | 2024 | 2409.17538
dp-noise-matrices |  |  | 2026 | 2601.21719

# Optimizers.
adam | Kingma and Ba | Adam: a method for stochastic optimization | 2014 | 1412.6980 | Adam
adamw | Loshchilov and Hutter | Decoupled weight decay regularization | 2017 | 1711.05101
adafactor | Shazeer and Stern | Adafactor: adaptive learning rates with sublinear memory cost | 2018 | 1804.04235 | Adafactor
lion | Chen et al. | Symbolic discovery of optimization algorithms | 2023 | 2302.06675
rmsprop | Hinton | Neural networks for machine learning | 2012
rmsprop-centered | Graves | Generating sequences with recurrent neural networks | 2013 | 1308.0850
momentum | Sutskever et al. | On the importance of initialization and momentum in deep learning | ICML 2013
clipping | Pascanu, Mikolov and Bengio | On the difficulty of training recurrent neural networks | 2012 | 1211.5063
averaging | Polyak and Juditsky | Acceleration of stochastic approximation by averaging | 1992
proximal | Parikh and Boyd | Proximal algorithms | 2014
early-stopping | Prechelt | Early Stopping – But When? | 1998

# Adapters.
lora | Hu et al. | LoRA: low-rank adaptation of large language models | 2021 | 2106.09685
rslora | Kalajdzievski | A rank stabilization scaling factor for fine-tuning with LoRA | 2023 | 2312.03732
lora-fa | Zhang et al. | LoRA-FA: memory-efficient low-rank adaptation for large language models fine-tuning | 2023 | 2308.03303 | LoRA-FA
lora-plus | Hayou, Ghosh and Yu | LoRA+: efficient low rank adaptation of large models | ICML 2024 | 2402.12354
adalora | Zhang et al. | AdaLoRA: adaptive budget allocation for parameter-efficient fine-tuning | ICLR 2023 | 2303.10512
relora | Lialin et al. | ReLoRA: high-rank training through low-rank updates | 2023 | 2307.05695
periodic-lora |  | PeriodicLoRA | 2024 | 2402.16141 | PeriodicLoRA
dora | Liu et al. | DoRA: weight-decomposed low-rank adaptation | 2024 | 2402.09353
vera | Kopiczko, Blankevoort and Asano | VeRA: vector-based random matrix adaptation | 2023 | 2310.11454
mora | Jiang et al. | MoRA: high-rank updating for parameter-efficient fine-tuning | 2024 | 2405.12130
nora |  | NoRA: nested low-rank adaptation for efficient fine-tuning large models | 2024 | 2408.10280 | nested low-rank adaptation for efficient fine-tuning large models, NoRA
aurora |  | AuroRA | 2025 | 2505.18738 | AuroRA
lily |  | Lily: low-rank interconnected adaptation across layers | 2024 | 2407.09946 | low-rank interconnected adaptation across layers, Lily
lora-mini |  | LoRA-Mini | 2024 | 2411.15804 | LoRA-Mini
vectorfit |  | VectorFit | 2025 | 2503.19530 | VectorFit
para |  | PARA | 2026 | 2604.27796 | PARA
pissa | Meng, Wang and Zhang | PiSSA: principal singular values and singular vectors adaptation | 2024 | 2404.02948
lora-ga |  | LoRA-GA | 2024 | 2407.05000 | LoRA-GA
gora | He et al. | GoRA: gradient-driven adaptive low rank adaptation | 2025 | 2502.12171
gelora | Ed-dib, Datbayev and Aboussalah | GeLoRA: geometric adaptive ranks for efficient LoRA fine-tuning | 2024 | 2412.09250
geolora | Schotthöfer et al. | GeoLoRA: geometric integration for parameter efficient fine-tuning | 2024 | 2410.18720
sora | Ding et al. | Sparse low-rank adaptation of pre-trained language models | EMNLP 2023 | 2311.11696
flat-lora | Li et al. | Flat-LoRA: low-rank adaptation over a flat loss landscape | 2024 | 2409.14396
rm-lora |  | RM-LoRA | 2024 | 2407.12074 | RM-LoRA
lors |  | LoRS | 2025 | 2501.08582 | LoRS
sqft |  | SQFT | 2024 | 2410.03750 | SQFT
xgblora | Zhang et al. | Less is more: extreme gradient boost rank-1 adaption | 2024
placement |  | Where to place adapters | 2024 | 2410.15858
altlora | Yu et al. | AltLoRA: towards better gradient approximation in low-rank adaptation with alternating projections | 2025 | 2505.12455 | AltLoRA
lora-rite | Yen et al. | LoRA done RITE: robust invariant transformation equilibration for LoRA optimization | ICLR 2025 | 2410.20625
precondition | Zhang and Pilanci | Riemannian preconditioned LoRA for fine-tuning foundation models | ICML 2024 | 2402.02347
imbalance |  | Imbalance-Regularized LoRA | 2024
rolora | Chen et al. | Robust federated finetuning of LLMs via alternating optimization of LoRA | 2025 | 2502.01755
ffa-lora | Sun et al. | Improving LoRA in privacy-preserving federated learning | 2024 | 2403.12313
intruders | Shuttleworth et al. | LoRA vs full fine-tuning: an illusion of equivalence | 2024 | 2410.21228
pruning | Han et al. | Learning both weights and connections for efficient neural networks | 2015 | 1506.02626
two-nn | Facco, d'Errico, Rodriguez and Laio | Estimating the intrinsic dimension of datasets by a minimal neighborhood information | Scientific Reports 2017

# Networks.
attention | Vaswani et al. | Attention is all you need | 2017 | 1706.03762
flash-attention | Dao et al. | FlashAttention: fast and memory-efficient exact attention with IO-awareness | 2022 | 2205.14135 | FlashAttention
low-rank-bottleneck | Bhojanapalli et al. | Low-rank bottleneck in multi-head attention models | 2020 | 2002.07028
rope | Su et al. | RoFormer: enhanced transformer with rotary position embedding | 2021 | 2104.09864
swiglu | Shazeer | GLU variants improve transformer | 2020 | 2002.05202
pre-norm | Xiong et al. | On layer normalization in the transformer architecture | 2020 | 2002.04745
gpt-2 | Radford et al. | Language models are unsupervised multitask learners | 2019
layer-norm | Ba, Kiros and Hinton | Layer normalization | 2016 | 1607.06450
rms-norm | Zhang and Sennrich | Root mean square layer normalization | 2019 | 1910.07467
group-norm | Wu and He | Group normalization | 2018 | 1803.08494
batch-norm | Ioffe and Szegedy | Batch normalization | 2015 | 1502.03167
gelu | Hendrycks and Gimpel | Gaussian error linear units | 2016 | 1606.08415
elu | Clevert, Unterthiner and Hochreiter | Fast and accurate deep network learning by exponential linear units | 2015 | 1511.07289
mish | Misra | Mish: a self regularized non-monotonic activation function | 2019 | 1908.08681
label-smoothing | Szegedy et al. | Rethinking the Inception architecture for computer vision | 2015 | 1512.00567
he-init | He et al. | Delving deep into rectifiers | 2015 | 1502.01852
glorot-init | Glorot and Bengio | Understanding the difficulty of training deep feedforward neural networks | 2010
gru | Cho et al. | Learning phrase representations using RNN encoder–decoder | 2014 | 1406.1078
lstm | Gers, Schmidhuber and Cummins | Learning to forget | 2000
convolution | Dumoulin and Visin | A guide to convolution arithmetic for deep learning | 2016 | 1603.07285
im2col | Chellapilla, Puri and Simard | High performance convolutional neural networks for document processing | 2006
remat | Chen, Xu, Zhang and Guestrin | Training deep nets with sublinear memory cost | 2016 | 1604.06174
bpe | Sennrich, Haddow and Birch | Neural machine translation of rare words with subword units | 2015 | 1508.07909
nucleus | Holtzman et al. | The curious case of neural text degeneration | 2019 | 1904.09751
gumbel | Maddison, Tarlow and Minka | A* sampling | 2014 | 1411.0030
rounding | Gupta et al. | Deep learning with limited numerical precision | 2015 | 1502.02551

# Numbers, chance and linear algebra.
philox | Salmon, Moraes, Dror and Shaw | Parallel random numbers: as easy as 1, 2, 3 | SC 2011
handbook | Abramowitz and Stegun | Handbook of mathematical functions | 1964 |  | Abramowitz and Stegun
two-product | T. J. Dekker | A floating-point technique for extending the available precision | 1971
ridders | Ridders | Accurate computation of F′(x) and F′(x)F″(x) | 1982
jvp | Townsend | A new trick for calculating Jacobian vector products | 2017
huber | Huber | Robust estimation of a location parameter | 1964
kl | Kullback and Leibler | On information and sufficiency | 1951
catoni | Catoni | Challenging the empirical mean and empirical variance | AIHP 2012
effective-rank | Roy and Vetterli | The effective rank: a measure of effective dimensionality | EUSIPCO 2007 |  | The effective rank
eckart-young | Eckart and Young | The approximation of one matrix by another of lower rank | 1936 |  | Eckart and Young (1936)
randomized-svd | Halko, Martinsson and Tropp | Finding structure with randomness | 2009 | 0909.4061
srht | Tropp | Improved analysis of the subsampled randomized Hadamard transform | 2011
count-sketch | Charikar, Chen and Farach-Colton | Finding frequent items in data streams | 2002
osnap | Nelson and Nguyen | OSNAP: faster numerical linear algebra algorithms via sparser subspace embeddings | 2013 |  | OSNAP
achlioptas | Achlioptas | Database-friendly random projections | JCSS 2003
haar | Mezzadri | How to generate random matrices from the classical compact groups | 2006 | math-ph/0609050
grassmann | Edelman, Arias and Smith | The geometry of algorithms with orthogonality constraints | 1998
gemm | Goto and van de Geijn | Anatomy of high-performance matrix multiplication | 2008
golub | Golub and Van Loan | Matrix computations | 2013
higham | Higham | Functions of matrices | 2008
polar | Björck and Bowie | An iterative algorithm for computing the best estimate of an orthogonal matrix | 1971
jacobi | Hestenes | Inversion of matrices by biorthogonalization | 1958
cgls | Björck | Numerical methods for least squares problems | 1996 |  | Björck's CGLS
dkw | Massart | The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality | 1990
conjugate-gradients | Hestenes and Stiefel | Methods of conjugate gradients | 1952
gram-schmidt | Daniel, Gragg, Kaufman and Stewart | Reorthogonalization and stable algorithms for updating the Gram-Schmidt QR factorization | 1976
`;

/** The rows of a table of papers. */
export function readPapers(rows: string): Paper[] {
  const lines = rows.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [key = '', authors = '', title = '', published = '', arxiv = '', names = ''] = line
      .split('|')
      .map((cell) => cell.trim());
    const year = Number(/\d{4}$/.exec(published)?.[0]);
    if (key === '' || Number.isNaN(year)) {
      throw new Error(`no paper: "${line}"; expected key | authors | title | venue and year | arXiv | names`);
    }
    return {
      key,
      authors,
      title,
      published,
      year,
      names: names.split(', ').filter(Boolean),
      ...(arxiv === '' ? {} : { arxiv }),
    };
  });
}

export const papers = readPapers(table);

/** What a part of a @see may be about that is no paper: software, and pages that it names. */
export const software = /\b(?:PyTorch|torch|optax|NumPy|numpy|PEFT|Keras|LAPACK|published code|its code|https?:)/;
