"""PyTorch networks and layers, served to the measuring process (`_torch.Peer`).

It runs with another Python, which has torch and numpy, perhaps ncps, but not the suite.
"""

import importlib.util
import json
import sys

import numpy as np


def layer_step(kind, shape, lengths=None):
    """A training step of nn.LSTM or nn.GRU, or of ncps' LTC or CfC: gradients of all weights and
    of the input. With lengths, sequences are packed."""
    import torch

    batch, time, depth, units = shape
    if kind in ("LTC", "CfC"):
        import ncps.torch

        layer = getattr(ncps.torch, kind)(depth, units, batch_first=False)
    else:
        layer = getattr(torch.nn, kind)(depth, units)
    x = torch.randn(time, batch, depth, requires_grad=True)

    def run():
        layer.zero_grad()
        x.grad = None
        given = x
        if lengths:
            pack = torch.nn.utils.rnn.pack_padded_sequence
            given = pack(x, torch.tensor(lengths), enforce_sorted=False)
        outputs = layer(given)[0]
        if lengths:
            outputs = torch.nn.utils.rnn.pad_packed_sequence(outputs)[0]
        outputs.square().sum().backward()

    return run


def single_steps(kind, shape):
    """100 steps at batch 1, as in decoding."""
    import torch

    _, _, depth, units = shape
    cell = getattr(torch.nn, f"{kind}Cell")(depth, units)
    x, zeros = torch.zeros(1, depth), torch.zeros(1, units)
    state = (zeros, zeros) if kind == "LSTM" else zeros

    @torch.inference_mode()
    def run():
        for _ in range(100):
            cell(x, state)

    return run


def networks():
    """name -> class of the networks below; only the other process has torch."""
    import math

    import torch
    from torch import nn
    from torch.nn import functional
    from torch.nn.utils import rnn as packing

    def filled(module, arrays):
        """An nn.LSTM or nn.Linear with the weights of a Keras layer, which has a single bias."""
        values = [torch.tensor(array) for array in arrays]
        if isinstance(module, nn.Linear):
            module.weight.data = values[0].T.contiguous()
            if module.bias is not None:
                module.bias.data = values[1]
        else:
            for suffix, at in (("", 0), ("_reverse", 3))[: len(values) // 3]:
                for name, value in zip(("weight_ih", "weight_hh", "bias_ih"), values[at:]):  # noqa: B905
                    getattr(module, f"{name}_l0{suffix}").data = value.t().contiguous()
                second = getattr(module, f"bias_hh_l0{suffix}")
                second.data.zero_()
                second.requires_grad = False
        return module

    def linear(arrays):
        return filled(nn.Linear(*arrays[0].shape, bias=len(arrays) > 1), arrays)

    def lstm(arrays):
        depth, units = arrays[0].shape[0], arrays[1].shape[0]
        both = len(arrays) > 3
        return filled(nn.LSTM(depth, units, batch_first=True, bidirectional=both), arrays)

    class Decoder(nn.Module):
        """The decoder with attention of plain_keras_translate.py, tied to the embedding."""

        def __init__(self, weights, config):
            super().__init__()
            self.config = config
            self.embedding = nn.Parameter(torch.tensor(weights["embedding"][0]))
            self.output_bias = nn.Parameter(torch.tensor(weights["output_bias"][0]))
            self.lstm = lstm(weights["lstm"])
            self.upper = lstm(weights["upper"]) if "upper" in weights else None
            linears = ("key", "combine", "project")
            names = [n for n in weights if "bridge" in n or n in linears]
            self.linears = nn.ModuleDict({name: linear(weights[name]) for name in names})

        def embed(self, tokens):
            x = functional.embedding(tokens, self.embedding) * math.sqrt(self.embedding.shape[1])
            return functional.dropout(x, self.config["embedding_dropout"], self.training)

        def first_state(self, name, summary):
            h, c = (self.linears[f"{name}bridge_{part}"](summary) for part in "hc")
            return torch.tanh(h)[None], c[None]

        def decode(self, memory, summary, embedded, padding=None):
            """(features `[batch, time, dim]`, attention `[batch, time, memory]`)."""
            config = self.config
            hidden, _ = self.lstm(embedded, self.first_state("", summary))
            scale = 1 / math.sqrt(config["units"]) if config["attention"] == "scaled" else 1.0
            scores = (hidden * scale) @ self.linears["key"](memory).transpose(1, 2)
            if padding is not None:
                scores = scores.masked_fill(padding[:, None], float("-inf"))
            weights = scores.softmax(-1)
            context = weights @ memory
            if self.upper is not None:
                both = torch.cat([hidden, context], -1)
                both = functional.dropout(both, config["dropout"], self.training)
                hidden, _ = self.upper(both, self.first_state("upper_", summary))
            features = torch.tanh(self.linears["combine"](torch.cat([context, hidden], -1)))
            features = functional.dropout(features, config["output_dropout"], self.training)
            return features, weights

        def logits(self, features):
            return features @ self.embedding.T + self.output_bias

        def shifted(self, target):
            return functional.pad(target[:, :-1], (1, 0), value=self.config["bos"])

        def loss(self, memory, summary, target, padding=None):
            embedded = self.embed(self.shifted(target))
            features, _ = self.decode(memory, summary, embedded, padding)
            scored = target != 0
            logits, smoothing = self.logits(features[scored]), self.config["label_smoothing"]
            return functional.cross_entropy(logits, target[scored], label_smoothing=smoothing)

    class Translator(Decoder):
        """(source, target) `[batch, length]` -> mean loss; see plain_keras_translate.py."""

        def __init__(self, weights, config):
            super().__init__(weights, config)
            self.encoder = lstm(weights["encoder"])

        def encode(self, source):
            packed = packing.pack_padded_sequence(
                self.embed(source), (source != 0).sum(1), batch_first=True, enforce_sorted=False
            )
            memory, (h, c) = self.encoder(packed)
            memory, _ = packing.pad_packed_sequence(memory, batch_first=True)
            memory = functional.dropout(memory, self.config["dropout"], self.training)
            return memory, torch.cat([h[0], c[0], h[1], c[1]], -1)

        def forward(self, source, target):
            return self.loss(*self.encode(source), target, source == 0)

    class Summarizer(Translator):
        """(source, target) of the extended vocabulary -> mean loss; see
        plain_keras_summarize.py."""

        def __init__(self, weights, config):
            super().__init__(weights, config)
            self.gate = linear(weights["gate"])

        def forward(self, source, target):
            vocab, unknown = len(self.embedding), self.config["unk"]
            read = torch.where(source < vocab, source, unknown)
            shifted = self.shifted(target)
            embedded = self.embed(torch.where(shifted < vocab, shifted, unknown))
            features, weights = self.decode(*self.encode(read), embedded, source == 0)
            scored = target != 0
            labels = target[scored]
            gate = torch.sigmoid(self.gate(torch.cat([features, embedded], -1)[scored]))[:, 0]
            said = self.logits(features[scored]).softmax(-1)
            said = said.gather(1, torch.where(labels < vocab, labels, unknown)[:, None])[:, 0]
            copied = (weights * (target[:, :, None] == source[:, None])).sum(-1)[scored]
            return -(gate * said * (labels < vocab) + (1 - gate) * copied + 1e-30).log().mean()

    class Captioner(Decoder):
        """(cells `[batch, cells, depth]`, caption) -> mean loss; see plain_keras_caption.py."""

        def __init__(self, weights, config):
            super().__init__(weights, config)
            self.position = nn.Parameter(torch.tensor(weights["position"][0]))

        def forward(self, cells, caption):
            values = torch.relu(self.linears["project"](cells)) + self.position
            values = functional.dropout(values, self.config["picture_dropout"], self.training)
            return self.loss(values, values.mean(1), caption)

    class Frames(nn.Module):
        """(rolls `[batch, time, 88]`, lengths) -> mean loss of a frame; see plain_keras_music.py.
        Padding is at the end, so no packing is needed: the loss leaves it out."""

        def __init__(self, weights, config):
            super().__init__()
            self.config = config
            rnns = [weights[name] for name in sorted(weights) if name.startswith("rnn")]
            self.rnns = nn.ModuleList([lstm(arrays) for arrays in rnns])
            self.output = linear(weights["output"])

        def forward(self, rolls, lengths):
            config, rolls = self.config, rolls.float()
            x = functional.pad(rolls[:, :-1], (0, 0, 1, 0))
            x = functional.dropout(x, config["input_dropout"], self.training)
            for number, rnn in enumerate(self.rnns):
                x = functional.dropout(x, config["dropout"], self.training) if number else x
                x, _ = rnn(x)
            x = functional.dropout(x, config["output_dropout"], self.training)
            scored = torch.arange(rolls.shape[1]) < lengths[:, None]
            losses = functional.binary_cross_entropy_with_logits(
                self.output(x[scored]), rolls[scored], reduction="sum"
            )
            return losses / scored.sum()

    class LanguageModel(nn.Module):
        """(tokens, next tokens) -> mean loss; the state is carried from batch to batch."""

        def __init__(self, weights, config):
            super().__init__()
            self.config, self.state = config, None
            self.embedding = nn.Parameter(torch.tensor(weights["embedding"][0]))
            self.output_bias = nn.Parameter(torch.tensor(weights["output_bias"][0]))
            rnns = [weights[name] for name in sorted(weights) if name.startswith("rnn")]
            self.rnns = nn.ModuleList([lstm(arrays) for arrays in rnns])
            self.projection = linear(weights["projection"])

        def locked(self, x, rate):
            if not (self.training and rate):
                return x
            mask = torch.empty(x.shape[0], 1, x.shape[2]).bernoulli_(1 - rate) / (1 - rate)
            return x * mask

        def reset(self):
            self.state = None

        def forward(self, tokens, labels):
            config = self.config
            x = functional.embedding(tokens, self.embedding) * math.sqrt(self.embedding.shape[1])
            x = self.locked(x, config["input_dropout"])
            states = self.state or [None] * len(self.rnns)
            new = []
            for number, rnn in enumerate(self.rnns):
                x = self.locked(x, config["hidden_dropout"]) if number else x
                x, state = rnn(x, states[number])
                new.append(tuple(part.detach() for part in state))
            self.state = new
            x = self.projection(self.locked(x, config["output_dropout"]))
            logits = x @ self.embedding.T + self.output_bias
            return functional.cross_entropy(logits.flatten(0, 1), labels.flatten())

    return {
        "translate": Translator,
        "lm": LanguageModel,
        "caption": Captioner,
        "music": Frames,
        "summarize": Summarizer,
    }


def network(name, folder, config):
    """A function of the network, weights and batches that `training_round` has put into the folder:
    it returns the loss of the first batch without dropout, or trains on all batches."""
    import torch

    weights, batches = {}, []
    with np.load(f"{folder}/weights.npz") as file:
        for key in file.files:
            weights.setdefault(key.split("/")[0], []).append(file[key])
    with np.load(f"{folder}/batches.npz") as file:
        for number in range(len(file.files) // 2):
            sides = [torch.tensor(file[f"{number}/{side}"]) for side in (0, 1)]
            batches.append([s.float() if s.is_floating_point() else s.long() for s in sides])
    model = networks()[name](weights, config)
    variables = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.Adam(variables, config["learning_rate"], eps=1e-7)

    def run(train):
        if hasattr(model, "reset"):
            model.reset()
        model.train(train)
        if not train:
            with torch.inference_mode():
                loss = float(model(*batches[0]))
            return {"loss": loss, "parameters": sum(value.numel() for value in variables)}
        for batch in batches:
            optimizer.zero_grad()
            loss = model(*batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(variables, config["clip_norm"])
            optimizer.step()
        return float(loss.detach())

    return run


def serve():
    import torch

    makers = {"layer": layer_step, "single": single_steps, "network": network}
    made = {}
    has_ncps = importlib.util.find_spec("ncps") is not None
    print(json.dumps([torch.__version__, has_ncps]), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        arguments = request.pop("arguments", {})
        key = json.dumps(request)
        if key not in made:
            made[key] = makers[request.pop("what")](**request)
        print(json.dumps(made[key](**arguments)), flush=True)


if __name__ == "__main__":
    serve()
